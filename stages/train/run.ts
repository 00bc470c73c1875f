import type { StageContext } from '../../src/stage-api/stage.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { TrainingRun } from './training-run.ts';

/** Trains a network on a packed data set; see README.md. */
export async function run(context: StageContext<Params, Inputs, Outputs>): Promise<void> {
  const engine = await loadBackend(context.engine, { threads: context.cpus });
  while (!(await trainOnce(context, engine)));
}

/** To the model; or, where the training has diverged and is to go back, to where it begins again from its checkpoint. */
async function trainOnce(context: StageContext<Params, Inputs, Outputs>, engine: Backend): Promise<boolean> {
  const training = await TrainingRun.open(context, engine);
  try {
    await training.run();
    return true;
  } catch (error) {
    if (!(await training.rewinds(error))) throw error;
    return false;
  } finally {
    await training.close();
  }
}
