import { join } from 'node:path';
import { FailureError } from '../../src/core/failure.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import {
  type Checkpoint,
  checkpointBefore,
  checkpointsIn,
  readCheckpoint,
  writeCheckpoint,
} from '../../src/kit/net/training/checkpoint.ts';
import type { Return } from '../../src/kit/net/training/training-log.ts';
import type { Trainer } from '../../src/kit/net/training/trainer.ts';
import { bestOf, type BestModels } from './best-model.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

type Context = StageContext<Params, Inputs, Outputs>;

const maxRewinds = 5;

/** How a training begins again that has diverged. */
export interface Rewind {
  /** How often it has gone back in all. */
  readonly rewinds: number;
  readonly returns: readonly Return[];
  /** No checkpoint is good. */
  readonly isFromStart: boolean;
}

/** The scratch folder outlives an interruption. */
const folderOf = ({ scratch }: Context): string => join(scratch, 'checkpoint');

/** The checkpoint that a training resumes from; of a damaged one it is warned, and the one before is taken. */
export function savedTraining(context: Context): Checkpoint | undefined {
  return readCheckpoint(folderOf(context), (damaged) => {
    context.emit({ type: 'log', level: 'warning', message: `${damaged.failures[0].message}; takes the one before` });
  });
}

/** Of a training that may go back the one before the last, too: what broke it may have come before the last. */
function keptCheckpoints({ params }: Context): number {
  const { keepCheckpoints = 1, onDivergence } = params;
  return Math.max(keepCheckpoints, onDivergence === 'rewind' ? 2 : 1);
}

/** Writes the state of a training after `step` steps, and lets go of the best models that no checkpoint needs. */
export async function saveTraining(
  context: Context,
  { step, trainer, progress }: Pick<Checkpoint, 'step' | 'progress'> & { readonly trainer: Trainer },
  bestModels: BestModels,
): Promise<void> {
  const folder = folderOf(context);
  await writeCheckpoint(folder, { step, state: trainer.state(), progress }, keptCheckpoints(context));
  const { bestBy } = context.params;
  bestModels.keepOnly(checkpointsIn(folder).map((each) => bestOf(each.progress.curves, bestBy)?.step));
  context.emit({ type: 'checkpoint', step });
}

/** Whether a training has ended with `training-diverged`. */
export function isDivergence(error: unknown): error is FailureError {
  return error instanceof FailureError && error.failures[0].code === 'training-diverged';
}

/**
 * How a training of `done` steps, which has ended with `error`, is to begin again: from a checkpoint, or from its start, with
 * half the rate; undefined where it is not to. A checkpoint whose next step has failed holds what has been spoilt already,
 * since the rate acts after the loss: it goes back to the one before. The checkpoint holds how often, so that a training that
 * is killed after that goes on in the same way.
 */
export async function rewound(
  context: Context,
  error: FailureError,
  at: Pick<Rewind, 'rewinds' | 'returns'> & { readonly done: number; readonly writes: boolean },
): Promise<Rewind | undefined> {
  if (context.params.onDivergence !== 'rewind' || at.rewinds >= maxRewinds) return undefined;
  // The first loss does not depend on the rate.
  if (at.done === 0) return undefined;
  const rewinds = at.rewinds + 1;
  const folder = folderOf(context);
  const checkpoint = checkpointBefore(folder, at.done);
  const returns = [...at.returns, { step: at.done + 1, to: checkpoint?.step ?? 0, share: 1 / 2 ** rewinds }];
  if (checkpoint !== undefined && at.writes) {
    const { step, state } = checkpoint;
    const progress = { ...checkpoint.progress, rewinds, returns };
    await writeCheckpoint(folder, { step, state: state.values(), progress }, keptCheckpoints(context));
  }
  const message =
    `${error.failures[0].message}; goes back to step ${checkpoint?.step ?? 0} with half the learning rate ` +
    `(${rewinds} of ${maxRewinds} times)`;
  context.emit({ type: 'log', level: 'warning', message });
  return { rewinds, returns, isFromStart: checkpoint === undefined };
}
