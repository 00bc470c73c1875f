import { elementCount } from '../feature-shape.ts';
import { type LayerDefinition, takesMaps, weightAndBias } from './layer-definition.ts';
import { doesNotFit, type Pair, strideWords, windowAttributes, windowPositions } from './window.ts';

export interface ConvolutionAttributes {
  readonly filters: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
  /** Filters and input channels are split into this many groups; as many as channels: depthwise. */
  readonly groups: number;
  readonly bias: boolean;
}

/** MXNet's `Convolution`: cross-correlation, weight (filters, channels / groups, kernel height, kernel width). */
export const convolution: LayerDefinition<ConvolutionAttributes> = {
  summary: 'Cross-correlation over height and width.',
  inputs: 1,
  attributes: {
    filters: { type: 'integer', minimum: 1 },
    ...windowAttributes,
    groups: { type: 'integer', minimum: 1 },
    bias: { type: 'boolean' },
  },
  outputShape(attributes, [input = []]) {
    const [channels, height, width] = input;
    if (channels === undefined || height === undefined || width === undefined) return takesMaps(input);
    const { groups, filters } = attributes;
    if (channels % groups !== 0) return { problem: `${channels} channels cannot be split into ${groups} groups` };
    if (filters % groups !== 0) return { problem: `${filters} filters cannot be split into ${groups} groups` };
    const [rows, columns] = windowPositions([height, width], attributes);
    return rows < 1 || columns < 1 ? doesNotFit(attributes, [height, width]) : { shape: [filters, rows, columns] };
  },
  parameters: ({ filters, groups, kernel, bias }, [input = []]) =>
    weightAndBias([filters, (input[0] ?? 0) / groups, ...kernel], bias),
  multiplyAdds({ kernel, groups }, [input = []], output) {
    return elementCount(output) * ((input[0] ?? 0) / groups) * elementCount(kernel);
  },
  outline: {
    words({ filters, kernel, stride, groups }) {
      const kind = groups === 1 ? 'conv' : groups === filters ? 'depthwise conv' : `conv in ${groups} groups`;
      return `${kind} ${kernel.join('x')}, ${filters}${strideWords(stride)}`;
    },
  },
  example: { attributes: { filters: 5, kernel: [3, 2], stride: [2, 1], pad: [1, 0], groups: 1, bias: true } },
};
