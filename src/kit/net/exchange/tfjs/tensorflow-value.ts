import type { Pads } from '../even-padding.ts';

/** Numbers of the file. */
export interface Constant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** What a value of a GraphDef is: that of a layer, numbers that are known beforehand, or a step on the way to a layer. */
export type TensorflowValue =
  | { readonly is: 'layer'; readonly layer: string }
  | { readonly is: 'constant'; readonly constant: Constant }
  /** A layer with equal numbers around it, which windows that follow take as their padding. */
  | { readonly is: 'padded'; readonly layer: string; readonly pads: Pads; readonly filling: number }
  /** A map with its channels first, on the way into rows. */
  | { readonly is: 'planes'; readonly layer: string }
  /** Rows in which the channels of a cell stand together; layers have rows of planes. */
  | { readonly is: 'cells'; readonly layer: string }
  /** The sizes of a result, images aside: [height, width, channels]. */
  | { readonly is: 'target'; readonly sizes: readonly number[] }
  | { readonly is: Step; readonly of: string };

/**
 * What is made of the value of a layer, on the way into another value of it: of the squares of its channels the sum, its root
 * (the norm), 1 / norm, the mean of the norms over the positions, that by the norm; |x|, 1 + |x|; its sizes, the first of them.
 */
export type Step =
  | 'squares'
  | 'sum of squares'
  | 'norm'
  | 'inverse norm'
  | 'mean norm'
  | 'norm factors'
  | 'magnitude'
  | 'magnitude and one'
  | 'sizes'
  | 'images';
