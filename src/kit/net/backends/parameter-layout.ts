import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerNode } from '../graph/graph.ts';
import type { TensorLibrary } from './engine-handle.ts';

/** How a parameter's axes lie in MXNet's layout (files, model folders) and on the engines. */
export type ParameterLayout = 'as-is' | 'convolution' | 'depthwise';

/** The layout of parameter `suffix` of a layer that takes `channels` channels. */
export function layoutOf(node: LayerNode, suffix: string, channels: number): ParameterLayout {
  if (node.kind !== 'convolution' || suffix !== 'weight') return 'as-is';
  const { groups } = node.attributes;
  return groups > 1 && groups === channels ? 'depthwise' : 'convolution';
}

/** (out, in, height, width) to (height, width, in, out); depthwise to (height, width, channel, multiplier). */
export function toEngineLayout(tf: TensorLibrary, array: Tensor, layout: ParameterLayout, channels: number): Tensor {
  if (layout === 'as-is') return tf.clone(array);
  if (layout === 'convolution') return tf.transpose(array, [2, 3, 1, 0]);
  const [filters = 0, , height = 0, width = 0] = array.shape;
  return tf.transpose(tf.reshape(array, [channels, filters / channels, height, width]), [2, 3, 0, 1]);
}

/** The inverse of {@link toEngineLayout}; `shape` is MXNet's. */
export function fromEngineLayout(
  tf: TensorLibrary,
  tensor: Tensor,
  layout: ParameterLayout,
  shape: readonly number[],
): Tensor {
  if (layout === 'as-is') return tf.clone(tensor);
  if (layout === 'convolution') return tf.transpose(tensor, [3, 2, 0, 1]);
  return tf.reshape(tf.transpose(tensor, [2, 3, 0, 1]), [...shape]);
}
