import { headNormalization } from './output-head.ts';
import type { Activation, NetworkBuilder, SquareConvolution } from './network-builder.ts';

/**
 * Orders of a residual unit: `improved` is the unit of LResNet-IR (Deng et al. 2018, section 3.2.2), `post-activation` that
 * of He et al. 2015, `pre-activation` that of He et al. 2016, `resnext` the improved one with 32 groups (Xie et al. 2017).
 */
export type UnitOrder = 'improved' | 'post-activation' | 'pre-activation' | 'resnext';

export interface ResidualUnit {
  /** Prefix of the names of its layers. */
  readonly name: string;
  readonly order: UnitOrder;
  readonly filters: number;
  /** 1x1, 3x3, 1x1 with fewer channels inside, instead of twice 3x3. */
  readonly bottleneck: boolean;
  readonly stride: number;
  /** The shortcut is a 1x1 convolution instead of the input itself. */
  readonly projects: boolean;
  readonly activation: Activation;
  /** Channels are weighted by what is in the whole image (Hu et al. 2017). */
  readonly squeezeExcitation: boolean;
  /** A `post-activation` unit strides in its first convolution instead of its last. */
  readonly stridesFirst?: boolean;
}

type Step = 'bn' | 'relu' | 'conv';

const basic = {
  improved: ['bn', 'conv', 'bn', 'relu', 'conv', 'bn'],
  'post-activation': ['conv', 'bn', 'relu', 'conv', 'bn'],
  'pre-activation': ['bn', 'relu', 'conv', 'bn', 'relu', 'conv'],
} as const satisfies Record<string, readonly Step[]>;

const bottleneck = {
  improved: [...basic.improved, 'relu', 'conv', 'bn'],
  'post-activation': [...basic['post-activation'], 'relu', 'conv', 'bn'],
  'pre-activation': [...basic['pre-activation'], 'bn', 'relu', 'conv'],
} as const satisfies Record<string, readonly Step[]>;

/** Adds a unit; returns the layer it ends in. */
export function residualUnit(builder: NetworkBuilder, input: string, unit: ResidualUnit): string {
  const { name, order, activation } = unit;
  const values = walk(builder, input, unit);
  const residual = unit.squeezeExcitation ? excited(builder, values.last, unit) : values.last;
  // Pre-activated units project the value of the first activation, all others their input.
  const shortcut = unit.projects ? projection(builder, values.firstActivation ?? input, unit) : input;
  const sum = builder.add('add', builder.numbered('_plus'), [residual, shortcut]);
  return order === 'post-activation' ? builder.activate(`${name}_relu3`, sum, activation) : sum;
}

/** The steps of the unit in their order; each kind is numbered from 1. */
function walk(
  builder: NetworkBuilder,
  input: string,
  unit: ResidualUnit,
): { readonly last: string; readonly firstActivation: string | undefined } {
  const steps: readonly Step[] = (unit.bottleneck ? bottleneck : basic)[orderOf(unit)];
  const windows = convolutions(unit);
  const counts = { bn: 0, relu: 0, conv: 0 };
  let last = input;
  let firstActivation: string | undefined;
  for (const step of steps) {
    counts[step] += 1;
    const name = `${unit.name}_${step}${counts[step]}`;
    if (step === 'bn') last = builder.add('batch-normalization', name, last, headNormalization);
    if (step === 'relu') last = builder.activate(name, last, unit.activation);
    const window = windows[counts.conv - 1];
    if (step === 'conv' && window !== undefined) last = builder.convolve(name, last, window);
    if (step === 'relu' && unit.order === 'pre-activation') firstActivation ??= last;
  }
  return { last, firstActivation };
}

function orderOf({ order }: ResidualUnit): keyof typeof basic {
  return order === 'resnext' ? 'improved' : order;
}

function convolutions(unit: ResidualUnit): SquareConvolution[] {
  const { filters, order } = unit;
  const isGrouped = order === 'resnext';
  const inner = isGrouped ? filters / 2 : filters / 4;
  const groups = isGrouped ? 32 : 1;
  const windows = unit.bottleneck
    ? [
        { filters: inner, kernel: 1, groups },
        { filters: inner, kernel: 3, pad: 1, groups },
        { filters, kernel: 1 },
      ]
    : [
        { filters, kernel: 3, pad: 1 },
        { filters, kernel: 3, pad: 1 },
      ];
  const strided = stridedConvolution(unit, windows.length - 1);
  return windows.map((window, index) => (index === strided ? { ...window, stride: unit.stride } : window));
}

/** Pre-activated units stride in their first 3x3 convolution. */
function stridedConvolution({ order, bottleneck: isBottleneck, stridesFirst }: ResidualUnit, last: number): number {
  if (order === 'pre-activation') return isBottleneck ? 1 : 0;
  return order === 'post-activation' && stridesFirst === true ? 0 : last;
}

function excited(builder: NetworkBuilder, input: string, { name, filters, activation }: ResidualUnit): string {
  const squeezed = builder.averageOverImage(`${name}_se_pool1`, input);
  const few = builder.convolve(`${name}_se_conv1`, squeezed, { filters: filters / 16, kernel: 1, bias: true });
  const active = builder.activate(`${name}_se_relu1`, few, activation);
  const all = builder.convolve(`${name}_se_conv2`, active, { filters, kernel: 1, bias: true });
  const weights = builder.add('activation', `${name}_se_sigmoid`, all, { function: 'sigmoid' });
  return builder.add('multiply', builder.numbered('broadcast_mul'), [input, weights]);
}

function projection(builder: NetworkBuilder, input: string, { name, order, filters, stride }: ResidualUnit): string {
  if (order === 'pre-activation') return builder.convolve(`${name}_sc`, input, { filters, kernel: 1, stride });
  const projected = builder.convolve(`${name}_conv1sc`, input, { filters, kernel: 1, stride });
  return builder.add('batch-normalization', `${name}_sc`, projected, headNormalization);
}
