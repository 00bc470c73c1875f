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
  /** Images per batch, of all ranks together; a step is one of them, or as many as accumulate says. */
  readonly batch: number;
  /** Images whose statistics batch normalisation takes together: batch, also if left out, or a part of it. A part is what one rank has (resources.ranks), so that it decides how many there are: batch: 512, normalizeOver: 128 is the 2018 system with 128 images on each of four devices. */
  readonly normalizeOver?: number;
  /** Share of the classes that take part in a step: those of its images, and others drawn at random, as Partial FC does (arcface_torch: sample_rate). The centres of the others stay as they are, their momentum included. For losses with class centres and a softmax. Left out: 1. */
  readonly classRate?: number;
  /** Batches whose gradients are averaged for one step, each with statistics of its own: what as many devices do in the 2018 system. Left out: 1. */
  readonly accumulate?: number;
  /** Norm to which the gradient of the network is limited, without the classifier's (arcface_torch: 5). Left out: none. */
  readonly clipGradient?: number;
  /** Decay of an exponential moving average of all parameters, such as 0.999: what is verified, and what the model holds, are the averages. In step n it is (1 + n) / (10 + n) where that is smaller. Left out: no average. */
  readonly averageWeights?: number;
  /** Layers that stay as they are, by name; * matches any characters, as in stage1_*. They compute as in inference: their normalisations keep their statistics. */
  readonly freeze?: readonly string[];
  /** The name of a layer: it, and all that it is computed from, stay as with freeze. */
  readonly freezeUpTo?: string;
  /** Keep few values of the forward pass, and compute the others once more in the backward pass: a third more to compute, far less memory, the same model to the bit. Left out: false. */
  readonly recompute?: boolean;
  /** What the factors of convolutions and matrix products may be rounded to, where the library has a kernel that does; sums, weights and all else are float32. tf32: on NVIDIA cards that have it. bfloat16: on processors with instructions for it (avx512_bf16, amx_bf16), float32 on others. Left out: float32. */
  readonly precision?: 'float32' | 'tf32' | 'bfloat16';
  /** XLA compiles operations on single numbers, several in a row as one, once steps are executed as graphs: on the engine tensorflow on processors. It rounds otherwise than the kernels one by one, so that a training that was interrupted ends the same within rounding only. Left out: false. */
  readonly xla?: boolean;
  /** Draw what of the network the pretrained model does not have. Left out: false, a model that lacks a parameter is one of another network. */
  readonly drawMissing?: boolean;
  /** Start with the classifier of the pretrained model too, which was trained on the same set: the model folder of a training with keepClassifier, or a training checkpoint of MXNet. Left out: false, a classifier is drawn. */
  readonly startClassifier?: boolean;
  /** Write the classifier of the last step beside the network into the model, for a training that starts from there. Left out: false. */
  readonly keepClassifier?: boolean;
  /** What to do where the loss is no longer finite, or above a million, or the parameters are not finite: stop, also if left out; rewind goes back to the last checkpoint that led on, or to the start, and on with half the learning rate, five times at most. */
  readonly onDivergence?: 'stop' | 'rewind';
  /** Whose parameters the model has: those of the last step, also if left out; or of the verification with the highest accuracy, see bestBy. */
  readonly keep?: 'last' | 'best';
  /** By what keep and patience judge a verification. first, also if left out: the accuracy on the first validation set; last: on the last one; mean: the mean over all. original: the 2018 system's rule, which takes a verification where the first set has a new highest accuracy of 0.998 or more, or the last one its highest so far while the first has 0.99; a training without such a verification keeps the last step. */
  readonly bestBy?: 'first' | 'last' | 'mean' | 'original';
  /** Ends the training after so many verifications without a better one, see bestBy. Left out: it goes on to maxSteps. */
  readonly patience?: number;
  /** Cosine between an image of a validation set and the centre of an identity from which on the two count as one person, see peopleModel. Left out: 0.4, as in the 2018 system's tool. */
  readonly samePersonFrom?: number;
  /** Flip each image left to right with probability 1/2. */
  readonly mirror: boolean;
  /** What else is changed of training images, each by chance and in this order; the draws follow from the seed, the step and the image. Left out: nothing. */
  readonly augment?: {
    /** Magnify, turn and move the image, with black around it, as CVLface does. */
    readonly geometry?: {
      /** Share of the images. */
      readonly probability: number;
      /** Least factor of its size. */
      readonly smallest: number;
      /** Greatest factor of its size. */
      readonly largest: number;
      /** Share of these images that are turned. */
      readonly turned: number;
      /** Degrees at most, to either side. */
      readonly degrees: number;
      /** Share of height and width that it is moved by at most, to each side. */
      readonly shift: number;
    };
    /** Keep a rectangle and make the rest black, as CVLface does. */
    readonly crop?: {
      /** Share of the images. */
      readonly probability: number;
      /** Least share of the area that is kept; the most is 1. */
      readonly smallest: number;
    };
    /** Make squares black, as CVLface does. */
    readonly holes?: {
      /** Share of the images. */
      readonly probability: number;
      /** Squares at least. */
      readonly least: number;
      /** Squares at most. */
      readonly most: number;
      /** Height and width of a square in pixels. */
      readonly size: number;
    };
    /** Make the image smaller and as large again, by interpolations drawn from OpenCV's, as CVLface does. */
    readonly lowResolution?: {
      /** Share of the images. */
      readonly probability: number;
      /** Least height, as a share of the image's (arcface_torch: 0.5). */
      readonly smallest: number;
      /** Largest height (arcface_torch: 0.8). */
      readonly largest: number;
    };
    /** A Gaussian blur over 3 x 3 or 5 x 5 pixels, as arcface_torch does. */
    readonly blur?: {
      /** Share of the images. */
      readonly probability: number;
    };
    /** Change brightness, contrast and saturation in a random order, as CVLface does. */
    readonly photometric?: {
      /** Share of the images. */
      readonly probability: number;
      /** How far each factor is from 1 at most. */
      readonly strength: number;
    };
    /** Change brightness, contrast, saturation, sharpness or tones by operations of RandAugment, as CVLface does. */
    readonly operations?: {
      /** Share of the images. */
      readonly probability: number;
      /** Operations an image. */
      readonly count: number;
      /** Mean of their strengths, of 0 to 30. */
      readonly magnitude: number;
      /** Deviation of their strengths. */
      readonly deviation: number;
    };
    /** Turn the hue and raise the saturation, as arcface_torch does. */
    readonly hue?: {
      /** Share of the images. */
      readonly probability: number;
      /** Degrees at most; the least is 0. */
      readonly degrees: number;
      /** Factor of the saturation at most; the least is 1. */
      readonly saturation: number;
    };
    /** Take the colours out, as arcface_torch does. */
    readonly grey?: {
      /** Share of the images. */
      readonly probability: number;
    };
    /** Make a square grey, as --cutoff of the 2018 program does. */
    readonly cutOut?: {
      /** Height and width of the square in pixels; the border of the image may cut it. */
      readonly size: number;
      /** Share of the images. */
      readonly probability: number;
    };
  };
  /** Steps between verifications of the validation sets. */
  readonly verifyEverySteps: number;
  /** Steps between checkpoints. */
  readonly checkpointEverySteps: number;
  /** How many checkpoints are kept while the training lasts: where the last is damaged it resumes from the one before, to the same result. Left out: 1. */
  readonly keepCheckpoints?: number;
  /** Write the curves for TensorBoard too, and with them images per second, the norm of the gradient of the network before it is limited, and the mean norm of the embeddings. Left out: false; the output events is an empty folder then. */
  readonly eventFiles?: boolean;
  /** Steps between points of the curves. */
  readonly logEverySteps: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The packed training set. */
  readonly dataset: readonly string[];
  /** Verification sets to watch while training. */
  readonly validation: readonly string[];
  /** A model whose parameters of equal name are the start. */
  readonly pretrained: string | undefined;
  /** A model that tells which people of the validation sets are in the training set; without it the pretrained one does, if it has the whole network. */
  readonly peopleModel: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The embedding network, without its classifier. */
  readonly model: string;
  /** Loss, accuracy, learning rate and verification over the steps. */
  readonly log: string;
  /** Event files of TensorBoard, with eventFiles: true. */
  readonly events: string;
}
