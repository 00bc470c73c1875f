// Generated from stage.json by `npm run generate`; not to be edited.

import type { NetworkChoice } from '../../src/kit/net/backbones/index.ts';
import type { LossChoice } from '../../src/kit/net/losses/index.ts';
import type { OptimizerChoice } from '../../src/kit/net/optimizers/index.ts';
import type { ScheduleChoice } from '../../src/kit/net/schedules/index.ts';

export interface Params {
  /** The embedding network and its options. */
  readonly network: NetworkChoice;
  /** The loss and its options. */
  readonly loss: LossChoice;
  /** How weights follow their gradients. */
  readonly optimizer: OptimizerChoice;
  /** How long the training is, and how the learning rate changes. */
  readonly schedule: ScheduleChoice;
  /** Images per step. */
  readonly batch: number;
  /** Flip each image left to right with probability 1/2. */
  readonly mirror: boolean;
  /** Steps between verifications of the validation sets. */
  readonly verifyEverySteps: number;
  /** Steps between checkpoints. */
  readonly checkpointEverySteps: number;
  /** Steps between points of the curves. */
  readonly logEverySteps: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The packed training set. */
  readonly dataset: string;
  /** Verification sets to watch while training. */
  readonly validation: readonly string[];
  /** A model whose parameters of equal name are the start. */
  readonly pretrained: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The embedding network, without its classifier. */
  readonly model: string;
  /** Loss, accuracy, learning rate and verification over the steps. */
  readonly log: string;
}
