import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttributesOf, LayerKind } from '../graph/layers/index.ts';

/** Parameters or their gradients by suffix (`weight`, `gamma`, ...), in the backend's layout. */
export type ParameterTensors = Readonly<Record<string, Tensor>>;

export interface ForwardCall<Attributes> {
  readonly attributes: Attributes;
  readonly inputs: readonly Tensor[];
  readonly parameters: ParameterTensors;
  readonly training: boolean;
  /** In training, what the kernels have drawn for this step; stays the caller's. */
  readonly drawn?: Tensor | undefined;
}

export interface ForwardResult {
  /** The caller's to dispose. */
  readonly output: Tensor;
  /** What the backward pass needs besides input and output; the walker disposes it. */
  readonly saved?: readonly Tensor[];
  /** Statistics of the batch that a training step works into auxiliary parameters, by suffix. */
  readonly statistics?: ParameterTensors;
}

export interface BackwardCall<Attributes> {
  readonly attributes: Attributes;
  /** Of the loss with respect to the layer's output. */
  readonly gradient: Tensor;
  /** For each input, whether the gradient with respect to it is needed. */
  readonly needsGradient: readonly boolean[];
  /** Empty unless the kernels save inputs. */
  readonly inputs: readonly Tensor[];
  readonly inputShapes: readonly (readonly number[])[];
  /** Undefined unless the kernels save it. */
  readonly output: Tensor | undefined;
  readonly parameters: ParameterTensors;
  readonly saved: readonly Tensor[];
}

export interface BackwardResult {
  /** New tensors, one per input that needs a gradient. */
  readonly inputs: readonly (Tensor | undefined)[];
  /** Gradients with respect to the trainable parameters, by suffix. */
  readonly parameters: ParameterTensors;
}

/** How a backend computes one kind of layer. Both functions run inside `tf.tidy`-like scopes of the walker. */
export interface LayerKernels<Attributes> {
  /** What of the forward pass the backward pass needs. */
  readonly saves: 'nothing' | 'inputs' | 'output';
  /** What is random about the layer in a step, for an input of this shape; absent: nothing. `seed` is 32-bit unsigned. */
  draw?(attributes: Attributes, shape: readonly number[], seed: number): Tensor;
  forward(call: ForwardCall<Attributes>): ForwardResult;
  backward(call: BackwardCall<Attributes>): BackwardResult;
}

/** How a backend computes: one entry per kind of layer. */
export type LayerKernelTable = { readonly [Kind in LayerKind]: LayerKernels<AttributesOf<Kind>> };
