import type { DeconvolutionAttributes } from '../graph/layers/deconvolution.ts';
import type { TensorLibrary } from './backend.ts';
import { type ConvolutionTable, primitivesFor, rank4, type Shape4D } from './convolution-kernels.ts';
import type { LayerKernels } from './layer-kernels.ts';

/** Of a convolution that takes the output and makes the input: forwards its gradient, backwards the convolution itself. */
export function deconvolutionKernels(
  tf: TensorLibrary,
  table: ConvolutionTable,
): LayerKernels<DeconvolutionAttributes> {
  const primitivesOf = ({ groups, filters }: DeconvolutionAttributes) =>
    primitivesFor(tf, table, { groups, channels: filters });
  return {
    saves: 'inputs',
    forward({ attributes, inputs: [x], parameters: { weight, bias } }) {
      const input = rank4(x);
      const call = { ...attributes, inputShape: outputShape(input.shape, attributes) };
      const output = primitivesOf(attributes).inputGradient(input, rank4(weight), call);
      return { output: bias === undefined ? output : tf.add(output, bias) };
    },
    backward({ attributes, gradient, inputs, needsGradient, parameters }) {
      const [x, dy, filter] = [rank4(inputs[0]), rank4(gradient), rank4(parameters['weight'])];
      const primitives = primitivesOf(attributes);
      const weight = primitives.filterGradient(x, dy, { ...attributes, filterShape: filter.shape });
      const input = needsGradient[0] === true ? primitives.forward(dy, filter, attributes) : undefined;
      const bias = attributes.bias ? { bias: tf.sum(dy, [0, 1, 2]) } : {};
      return { inputs: [input], parameters: { weight, ...bias } };
    },
  };
}

function outputShape(
  [batch, height, width]: Shape4D,
  { kernel, stride, pad, extra, filters }: DeconvolutionAttributes,
): Shape4D {
  const side = (axis: 0 | 1, size: number): number =>
    (size - 1) * stride[axis] - 2 * pad[axis] + kernel[axis] + extra[axis];
  return [batch, side(0, height), side(1, width), filters];
}
