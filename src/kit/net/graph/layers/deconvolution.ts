import { elementCount } from '../feature-shape.ts';
import type { ConvolutionAttributes } from './convolution.ts';
import { convolution } from './convolution.ts';
import { type LayerDefinition, takesMaps } from './layer-definition.ts';
import { type Pair, strideWords } from './window.ts';

export interface DeconvolutionAttributes extends ConvolutionAttributes {
  /** Rows and columns more at the far end, fewer than the stride: of the sizes that a convolution makes the input of, the smallest is 0. */
  readonly extra: Pair;
}

/**
 * MXNet's `Deconvolution`, ONNX's `ConvTranspose`: the gradient of a convolution as a layer, which makes images larger. Weight
 * (channels, filters / groups, kernel height, kernel width); sides are (size - 1) stride - 2 pad + kernel + extra.
 */
export const deconvolution: LayerDefinition<DeconvolutionAttributes> = {
  summary: 'Transposed convolution: the gradient of a cross-correlation over height and width.',
  inputs: 1,
  attributes: {
    ...convolution.attributes,
    extra: {
      type: 'array',
      items: { type: 'integer', minimum: 0 },
      minItems: 2,
      maxItems: 2,
      description: 'two integers (height, width) of at least 0',
    },
  },
  outputShape(attributes, [input = []]) {
    const [channels, height, width] = input;
    if (channels === undefined || height === undefined || width === undefined) return takesMaps(input);
    const { groups, filters, kernel, stride, pad, extra } = attributes;
    if (channels % groups !== 0) return { problem: `${channels} channels cannot be split into ${groups} groups` };
    if (filters % groups !== 0) return { problem: `${filters} filters cannot be split into ${groups} groups` };
    if (extra[0] >= stride[0] || extra[1] >= stride[1]) {
      return { problem: `takes fewer further cells (${extra.join(' x ')}) than its stride (${stride.join(' x ')})` };
    }
    const side = (axis: 0 | 1, size: number): number =>
      (size - 1) * stride[axis] - 2 * pad[axis] + kernel[axis] + extra[axis];
    const [rows, columns] = [side(0, height), side(1, width)];
    if (rows < 1 || columns < 1) return { problem: `leaves nothing of ${height} x ${width}` };
    return { shape: [filters, rows, columns] };
  },
  parameters({ filters, groups, kernel, bias }, [input = []]) {
    const shape = [input[0] ?? 0, filters / groups, ...kernel];
    const weight = { suffix: 'weight', shape, role: 'trainable', initial: 'xavier' } as const;
    return bias ? [weight, { suffix: 'bias', shape: [filters], role: 'trainable', initial: 0 }] : [weight];
  },
  multiplyAdds({ kernel, groups, filters }, [input = []]) {
    return elementCount(input) * (filters / groups) * elementCount(kernel);
  },
  outline: {
    words({ filters, kernel, stride, groups }) {
      const kind = groups === 1 ? 'deconv' : groups === filters ? 'depthwise deconv' : `deconv in ${groups} groups`;
      return `${kind} ${kernel.join('x')}, ${filters}${strideWords(stride).replace('/', 'x')}`;
    },
  },
  example: {
    attributes: {
      ...{ filters: 6, kernel: [3, 4], stride: [2, 1], pad: [1, 0], groups: 2, bias: true, extra: [0, 0] },
    },
  },
};
