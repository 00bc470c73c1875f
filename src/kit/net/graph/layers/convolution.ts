import { type LayerDefinition, elementCount } from './layer-definition.ts';
import { type Pair, windowPositions } from './window.ts';

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
    kernel: { type: 'pair', minimum: 1 },
    stride: { type: 'pair', minimum: 1 },
    pad: { type: 'pair', minimum: 0 },
    groups: { type: 'integer', minimum: 1 },
    bias: { type: 'boolean' },
  },
  outputShape(attributes, [input = []]) {
    const [channels, height, width] = input;
    if (channels === undefined || height === undefined || width === undefined) {
      return `takes [channels, height, width], not [${input.join(', ')}]`;
    }
    const { groups, filters } = attributes;
    if (channels % groups !== 0) return `${channels} channels cannot be split into ${groups} groups`;
    if (filters % groups !== 0) return `${filters} filters cannot be split into ${groups} groups`;
    const [rows, columns] = windowPositions([height, width], attributes);
    if (rows < 1 || columns < 1) return `a ${attributes.kernel.join(' x ')} window does not fit ${height} x ${width}`;
    return [filters, rows, columns];
  },
  parameters({ filters, groups, kernel, bias }, [input = []]) {
    const weight = {
      suffix: 'weight',
      shape: [filters, (input[0] ?? 0) / groups, ...kernel],
      role: 'trainable',
      initial: 'xavier',
    } as const;
    return bias ? [weight, { suffix: 'bias', shape: [filters], role: 'trainable', initial: 0 }] : [weight];
  },
  multiplyAdds({ kernel, groups }, [input = []], output) {
    return elementCount(output) * ((input[0] ?? 0) / groups) * elementCount(kernel);
  },
};
