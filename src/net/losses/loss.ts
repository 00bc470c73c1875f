import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Json } from '../../base/digest.ts';
import type { TensorLibrary } from '../engines/engine-handle.ts';

/** A trainable array of the loss's own, outside of the network. */
export interface LossParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: number | 'xavier';
}

export interface LossCall {
  /** [batch, embeddingSize], as the network gives them. */
  readonly embeddings: Tensor2D;
  /** [batch, classes], 1 at the label and 0 elsewhere. */
  readonly oneHot: Tensor2D;
  /** In the order of {@link Loss.parameters}. */
  readonly parameters: readonly Tensor[];
}

export interface LossValue {
  /** Mean over the batch. */
  readonly loss: Scalar;
  /** [batch, classes]; the greatest is the guess that accuracy counts. */
  readonly logits: Tensor2D;
}

/** A loss: a function of embeddings, own parameters and labels. Built of operations that tfjs can differentiate. */
export interface Loss<Options> {
  readonly summary: string;
  /** JSON schema of each option; every one has a default. */
  readonly options: { readonly [Name in keyof Options]-?: { readonly [keyword: string]: Json } };
  parameters(classes: number, embeddingSize: number): readonly LossParameter[];
  value(tf: TensorLibrary, call: LossCall, options: Options): LossValue;
}
