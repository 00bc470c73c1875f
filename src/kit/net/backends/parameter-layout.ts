import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerNode } from '../graph/graph.ts';
import type { TensorLibrary } from './backend.ts';

/** How a parameter's axes are ordered on the backends, as opposed to MXNet's order (files, model folders). */
export type ParameterLayout =
  | { readonly kind: 'as-is' }
  | { readonly kind: 'convolution' }
  /** A filter per input channel, of which there are `channels`. */
  | { readonly kind: 'depthwise'; readonly channels: number };

/** The layout of parameter `suffix` of a layer that takes `channels` channels. */
export function layoutOf(node: LayerNode, suffix: string, channels: number): ParameterLayout {
  if ((node.kind !== 'convolution' && node.kind !== 'deconvolution') || suffix !== 'weight') return { kind: 'as-is' };
  const { groups, filters } = node.attributes;
  // That of a deconvolution is the one of the convolution back.
  if (node.kind === 'deconvolution') return layoutOfConvolution(groups, filters);
  return layoutOfConvolution(groups, channels);
}

function layoutOfConvolution(groups: number, channels: number): ParameterLayout {
  return groups > 1 && groups === channels ? { kind: 'depthwise', channels } : { kind: 'convolution' };
}

/** (out, in, height, width) to (height, width, in, out); depthwise to (height, width, channel, multiplier). */
export function toBackendLayout(tf: TensorLibrary, array: Tensor, layout: ParameterLayout): Tensor {
  if (layout.kind === 'as-is') return tf.clone(array);
  if (layout.kind === 'convolution') return tf.transpose(array, [2, 3, 1, 0]);
  const { channels } = layout;
  const [filters = 0, , height = 0, width = 0] = array.shape;
  return tf.transpose(tf.reshape(array, [channels, filters / channels, height, width]), [2, 3, 0, 1]);
}

/** The inverse of {@link toBackendLayout}; `shape` is MXNet's. */
export function fromBackendLayout(
  tf: TensorLibrary,
  tensor: Tensor,
  { layout, shape }: { readonly layout: ParameterLayout; readonly shape: readonly number[] },
): Tensor {
  if (layout.kind === 'as-is') return tf.clone(tensor);
  if (layout.kind === 'convolution') return tf.transpose(tensor, [3, 2, 0, 1]);
  return tf.reshape(tf.transpose(tensor, [2, 3, 0, 1]), [...shape]);
}
