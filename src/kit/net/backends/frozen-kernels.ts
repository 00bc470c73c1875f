import type { LayerNode } from '../graph/graph.ts';
import type { TensorLibrary } from './backend.ts';
import type { LayerKernels, LayerKernelTable } from './layer-kernels.ts';
import { required } from './tensors.ts';

/**
 * How a layer computes whose parameters stay as they are: as in inference, also in a training step. A normalisation takes
 * its moving statistics, which a batch does not change, and dropout leaves nothing out; every other kind computes the same in both.
 */
export function frozenKernels(
  tf: TensorLibrary,
  table: LayerKernelTable,
  { kind }: LayerNode,
): LayerKernels<LayerNode['attributes']> {
  const kernels: LayerKernels<LayerNode['attributes']> = table[kind];
  if (kind !== 'batch-normalization' && kind !== 'dropout') return kernels;
  return {
    saves: 'nothing',
    forward: (call) => ({ output: kernels.forward({ ...call, training: false }).output }),
    backward({ gradient, attributes, parameters }) {
      if (kind === 'dropout' || !('epsilon' in attributes)) return { inputs: [tf.clone(gradient)], parameters: {} };
      // y = gamma (x - mean) / sqrt(variance + epsilon), in which only x changes.
      const variance = tf.add(required(parameters['moving_var'], 'parameter moving_var'), attributes.epsilon);
      const scale = tf.mul(required(parameters['gamma'], 'parameter gamma'), tf.rsqrt(variance));
      return { inputs: [tf.mul(gradient, scale)], parameters: {} };
    },
  };
}
