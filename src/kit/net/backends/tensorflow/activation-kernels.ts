import type { ActivationAttributes } from '../../graph/layers/activation.ts';
import type { RawKernels, TensorLibrary } from '../backend.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { activationKernels } from '../portable/element-kernels.ts';
import { required } from '../tensors.ts';

/** The gradient of ReLU by a kernel of TensorFlow: tfjs builds a mask of the values' size in Node for each. */
export function activationKernelsWithReluGradient(
  tf: TensorLibrary,
  raw: RawKernels,
): LayerKernels<ActivationAttributes> {
  const portable = activationKernels(tf);
  const attributes = [{ name: 'T', type: raw.attributeType.type, value: raw.dataType('float32') }];
  return {
    ...portable,
    backward(call) {
      if (call.attributes.function !== 'relu') return portable.backward(call);
      const inputs = [call.gradient, required(call.output, 'the output')];
      return { inputs: raw.run('ReluGrad', { attributes, inputs, outputCount: 1 }), parameters: {} };
    },
  };
}
