// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** The embedding network and its options. */
  readonly network:
    | {
        /** MobileFaceNet: 1 million parameters, the network of the quickstart. */
        readonly name: 'y1';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** Share of the old moving statistics that a step keeps. */
        readonly bnMomentum: number;
      }
    | {
        /** LResNet18E-IR: residual network of depth 18. */
        readonly name: 'r18';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** LResNet34E-IR: residual network of depth 34. */
        readonly name: 'r34';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** LResNet50E-IR: residual network of depth 50. */
        readonly name: 'r50';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** LResNet100E-IR: residual network of depth 100. */
        readonly name: 'r100';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      };
  /** The loss and its options. */
  readonly loss:
    | {
        /** Softmax over a linear classifier with bias. */
        readonly name: 'softmax';
      }
    | {
        /** Additive angular margin on normalised embeddings and centres. */
        readonly name: 'arcface';
        /** Additive angular margin in radians. */
        readonly margin: number;
        /** Factor of the cosines. */
        readonly scale: number;
        /** Apply the margin only where the angle is below a right angle. */
        readonly easyMargin: boolean;
      };
  readonly optimizer: {
    /** Initial learning rate. */
    readonly learningRate: number;
    /** Momentum of SGD. */
    readonly momentum: number;
    /** L2 decay; acts on every parameter, as in the 2018 system. */
    readonly weightDecay: number;
  };
  readonly schedule: {
    /** Batches to train. */
    readonly maxSteps: number;
    /** Batches after which the learning rate is multiplied by 0.1. */
    readonly steps: readonly number[];
    /** Batches over which the learning rate rises linearly from 0; 0 as in the 2018 system. */
    readonly warmupSteps: number;
  };
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
