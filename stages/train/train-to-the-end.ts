import type { Backend } from '../../src/kit/net/backends/backend.ts';
import type { Communicator } from '../../src/kit/net/ranks/communicator.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import type { Rewind } from './saved-training.ts';
import { TrainingRun } from './training-run.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Trains to the model, going back as often as it may where the training has diverged. */
export async function trainToTheEnd(context: Context, engine: Backend, ranks: Communicator): Promise<void> {
  let rewind: Rewind | undefined;
  for (;;) {
    const next = await trainOnce(context, { engine, ranks, rewind });
    if (next === 'done') return;
    rewind = next;
  }
}

/** To the model; or, where the training has diverged and is to go back, to how it begins again. */
async function trainOnce(
  context: Context,
  parts: { readonly engine: Backend; readonly ranks: Communicator; readonly rewind: Rewind | undefined },
): Promise<'done' | Rewind> {
  const training = await TrainingRun.open(context, parts);
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
