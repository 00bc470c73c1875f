import type { RawKernels, TensorLibrary } from '../engine-handle.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { required } from '../required.ts';

/**
 * PReLU as relu(x) + gamma min(x, 0), its gradient through ReluGrad: a third of the time of tfjs's own chain of
 * selections.
 */
export function splitPreluKernels(tf: TensorLibrary, raw: RawKernels): LayerKernels<object> {
  const float = [{ name: 'T', type: raw.attributeType.type, value: raw.dataType('float32') }];
  return {
    keeps: 'inputs',
    forward({ inputs, parameters }) {
      const x = required(inputs[0]);
      const below = tf.mul(tf.minimum(x, 0), required(parameters['gamma']));
      return { output: tf.add(tf.relu(x), below) };
    },
    backward({ inputs, gradient, parameters, wanted }) {
      const x = required(inputs[0]);
      const above = required(raw.run('ReluGrad', float, [gradient, x], 1)[0]);
      const below = tf.sub(gradient, above);
      const axes = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
      const gamma = tf.sum(tf.mul(below, x), axes);
      const input = wanted[0] === true ? tf.add(above, tf.mul(below, required(parameters['gamma']))) : undefined;
      return { inputs: [input], parameters: { gamma } };
    },
  };
}
