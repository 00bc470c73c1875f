import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttributesOf, LayerKind } from '../graph/layers/index.ts';

/** Parameters or their gradients by suffix (`weight`, `gamma`, ...), in the engine's layout. */
export type ParameterTensors = Readonly<Record<string, Tensor>>;

export interface ForwardCall<Attributes> {
  readonly attributes: Attributes;
  readonly inputs: readonly Tensor[];
  readonly parameters: ParameterTensors;
  readonly training: boolean;
  /** Seeds what is random about this layer in this step; 32-bit unsigned. */
  readonly seed: number;
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
  /** Of the loss by the layer's output. */
  readonly gradient: Tensor;
  /** Whether the gradient by each input is wanted. */
  readonly wanted: readonly boolean[];
  /** Empty unless the kernels keep inputs. */
  readonly inputs: readonly Tensor[];
  readonly inputShapes: readonly (readonly number[])[];
  /** Undefined unless the kernels keep it. */
  readonly output: Tensor | undefined;
  readonly parameters: ParameterTensors;
  readonly saved: readonly Tensor[];
}

export interface BackwardResult {
  /** New tensors, one per input that was wanted. */
  readonly inputs: readonly (Tensor | undefined)[];
  /** Gradients by the trainable parameters. */
  readonly parameters: ParameterTensors;
}

/** How an engine computes one kind of layer. Both functions run inside `tf.tidy`-like scopes of the walker. */
export interface LayerKernels<Attributes> {
  /** What of the forward pass has to live until the backward pass. */
  readonly keeps: 'nothing' | 'inputs' | 'output';
  forward(call: ForwardCall<Attributes>): ForwardResult;
  backward(call: BackwardCall<Attributes>): BackwardResult;
}

/** How an engine computes: one entry per kind of layer. */
export type LayerKernelTable = { readonly [Kind in LayerKind]: LayerKernels<AttributesOf<Kind>> };
