import type { StageContext } from '../../src/stage-api/stage.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import type { Rewind } from './saved-training.ts';
import { TrainingRun } from './training-run.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Trains a network on a packed data set; see README.md. */
export async function run(context: Context): Promise<void> {
  const engine = await loadBackend(context.engine, { threads: context.cpus });
  let next: 'done' | Rewind | undefined;
  while (next !== 'done') next = await trainOnce(context, engine, next);
}

/** To the model; or, where the training has diverged and is to go back, to how it begins again. */
async function trainOnce(context: Context, engine: Backend, rewind: Rewind | undefined): Promise<'done' | Rewind> {
  const training = await TrainingRun.open(context, engine, rewind);
  try {
    await training.run();
    return 'done';
  } catch (error) {
    const next = await training.rewind(error);
    if (next === undefined) throw error;
    return next;
  } finally {
    await training.close();
  }
}
