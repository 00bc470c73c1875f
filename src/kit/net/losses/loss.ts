import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Json } from '../../../core/digest.ts';
import type { TensorLibrary } from '../backends/backend.ts';

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

/** What a batch gives. The tensors are the caller's to dispose. */
export interface LossResult {
  /** Of each sample, [batch]; the loss is their mean. */
  readonly losses: Tensor;
  /** [batch, classes]; the greatest is the guess that accuracy counts. */
  readonly logits: Tensor2D;
  /** Of the mean, by the embeddings. */
  readonly embeddingGradient: Tensor2D;
  /** Of the mean, in the order of {@link Loss.parameters}. */
  readonly parameterGradients: readonly Tensor[];
}

/**
 * A loss: a function of embeddings, own parameters and labels, with its gradients. They are written out because tfjs
 * registers its gradients with its full package alone, which the wasm and cpu engines do without.
 */
export interface Loss<Options> {
  readonly summary: string;
  /** JSON schema of each option; every one has a default. */
  readonly options: { readonly [Name in keyof Options]-?: Readonly<Record<string, Json>> };
  parameters(classes: number, embeddingSize: number): readonly LossParameter[];
  compute(tf: TensorLibrary, call: LossCall, options: Options): LossResult;
}
