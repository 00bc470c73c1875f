import type { Graph } from '../graph/graph.ts';
import { type Backbone, embeddingSizeOption } from './backbone.ts';
import { outputHead } from './output-head.ts';
import { NetworkBuilder, type SquareConvolution } from './network-builder.ts';

export interface MobileNetV2Options {
  readonly embeddingSize: number;
}

interface Stage {
  /** Channels within a unit are this many times those of the stage before. */
  readonly expansion: number;
  readonly channels: number;
  readonly units: number;
  /** Stride of the first unit. */
  readonly stride: number;
}

const stemChannels = 32;

const stages: readonly Stage[] = [
  { expansion: 1, channels: 16, units: 1, stride: 1 },
  { expansion: 6, channels: 24, units: 2, stride: 2 },
  { expansion: 6, channels: 32, units: 3, stride: 2 },
  { expansion: 6, channels: 64, units: 4, stride: 1 },
  { expansion: 6, channels: 96, units: 3, stride: 2 },
  { expansion: 6, channels: 160, units: 3, stride: 2 },
  { expansion: 6, channels: 320, units: 1, stride: 1 },
];

/** MobileNet v2 (Sandler et al. 2018) as InsightFace has it, with the names of MXNet's Gluon. */
export const mobileNetV2: Backbone<MobileNetV2Options> = {
  family: 'MobileNet',
  summary: 'MobileNet v2: inverted residual units with linear bottlenecks.',
  options: { embeddingSize: embeddingSizeOption },
  weights: { distribution: 'uniform', fan: 'in' },
  build: (options, size) => buildMobileNetV2(1, options, { channels: 3, ...size }),
};

/** A MobileNet v2 with a share of the channels: the width multiplier of the paper. */
export function buildMobileNetV2(width: number, { embeddingSize }: MobileNetV2Options, image: Graph['input']): Graph {
  const builder = new NetworkBuilder();
  const stem = new GluonScope(builder, '');
  const pixels = builder.normalizeInput();
  let layer = stem.activated(pixels, { filters: stemChannels * width, kernel: 3, pad: 1 });
  let before = stemChannels;
  let unit = 0;
  for (const { expansion, channels, units, stride } of stages) {
    for (let index = 0; index < units; index += 1) {
      const scope = new GluonScope(builder, `invertedresidual${unit}_`);
      layer = invertedResidual(scope, layer, {
        inner: expansion * before * width,
        out: channels * width,
        stride: index === 0 ? stride : 1,
        projects: index === 0,
      });
      unit += 1;
    }
    before = channels;
  }
  const last = new GluonScope(builder, 'mobilenetv20_hybridsequential0_');
  layer = last.activated(layer, { filters: 1280 * width, kernel: 1 });
  return builder.build(image, outputHead('E', { builder, image, layer, embeddingSize }));
}

interface InvertedResidual {
  readonly inner: number;
  readonly out: number;
  /** Units that stride have no shortcut. */
  readonly stride: number;
  /** The shortcut is a 1x1 convolution. */
  readonly projects: boolean;
}

function invertedResidual(
  scope: GluonScope,
  input: string,
  { inner, out, stride, projects }: InvertedResidual,
): string {
  let layer = scope.activated(input, { filters: inner, kernel: 1 });
  layer = scope.activated(layer, { filters: inner, kernel: 3, stride, pad: 1, groups: inner });
  layer = scope.linear(layer, { filters: out, kernel: 1 });
  if (stride !== 1) return layer;
  return scope.sum(layer, projects ? scope.activated(input, { filters: out, kernel: 1 }) : input);
}

/** Layers of one Gluon block: numbered by kind within its prefix, `fwd` for the node and the prefix for its parameters. */
class GluonScope {
  readonly #builder: NetworkBuilder;
  readonly #prefix: string;

  constructor(builder: NetworkBuilder, prefix: string) {
    this.#builder = builder;
    this.#prefix = prefix;
  }

  activated(input: string, window: SquareConvolution): string {
    const normalized = this.linear(input, window);
    return this.#builder.add('activation', `${this.#name('relu')}_fwd`, normalized, { function: 'relu' });
  }

  linear(input: string, { filters, kernel, stride = 1, pad = 0, groups = 1 }: SquareConvolution): string {
    const name = this.#name('conv');
    const attributes = {
      filters,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      pad: [pad, pad],
      groups,
      bias: false,
    } as const;
    const convolved = this.#builder.add('convolution', `${name}_fwd`, input, attributes, { weight: `${name}_weight` });
    return this.#normalized(convolved);
  }

  #normalized(input: string): string {
    const name = this.#name('batchnorm');
    const attributes = { epsilon: 1e-5, momentum: 0.9, fixGamma: false };
    return this.#builder.add('batch-normalization', `${name}_fwd`, input, attributes, {
      gamma: `${name}_gamma`,
      beta: `${name}_beta`,
      moving_mean: `${name}_running_mean`,
      moving_var: `${name}_running_var`,
    });
  }

  sum(left: string, right: string): string {
    return this.#builder.add('add', this.#name('elemwise_add'), [left, right]);
  }

  #name(kind: string): string {
    return this.#builder.numbered(`${this.#prefix}${kind}`);
  }
}
