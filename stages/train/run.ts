import type { StageContext } from '../../src/stage-api/stage.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { TrainingRun } from './training-run.ts';

/** Trains a network on a packed data set; see README.md. */
export async function run(context: StageContext<Params, Inputs, Outputs>): Promise<void> {
  const engine = await loadBackend(context.engine, { threads: context.cpus });
  const training = await TrainingRun.open(context, engine);
  try {
    await training.run();
  } finally {
    await training.close();
  }
}
