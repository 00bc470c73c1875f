// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /**
   * The embedding network.
   */
  network: {
    /**
     * The network.
     */
    name: 'y1' | 'r18' | 'r34' | 'r50';
    /**
     * Length of the embedding.
     */
    embeddingSize: number;
  };
  /**
   * The loss.
   */
  loss: {
    name: 'softmax' | 'arcface';
    /**
     * Additive angular margin in radians.
     */
    margin: number;
    /**
     * Factor of the cosines.
     */
    scale: number;
  };
  optimizer: {
    /**
     * Initial learning rate.
     */
    learningRate: number;
    /**
     * Momentum of SGD.
     */
    momentum: number;
    /**
     * L2 decay; acts on every parameter, as in the 2018 system.
     */
    weightDecay: number;
  };
  schedule: {
    /**
     * Batches to train.
     */
    maxSteps: number;
    /**
     * Batches after which the learning rate is multiplied by 0.1.
     */
    steps: number[];
    /**
     * Batches over which the learning rate rises linearly from 0; 0 as in the 2018 system.
     */
    warmupSteps: number;
  };
  /**
   * Images per step.
   */
  batch: number;
  /**
   * Flip each image left to right with probability 1/2.
   */
  mirror: boolean;
  /**
   * Steps between verifications of the validation sets.
   */
  verifyEverySteps: number;
  /**
   * Steps between checkpoints.
   */
  checkpointEverySteps: number;
  /**
   * Steps between points of the curves.
   */
  logEverySteps: number;
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
