import type { Graph } from '../graph/graph.ts';
import { type Backbone, earlyDownsamplingOption, embeddingSizeOption } from './backbone.ts';
import { type Head, headNormalization, headOption, outputHead } from './output-head.ts';
import { residualUnit, type UnitOrder } from './residual-unit.ts';
import { type Activation, activations, NetworkBuilder } from './network-builder.ts';

export interface ResnetOptions {
  readonly embeddingSize: number;
  readonly head: Head;
  readonly earlyDownsampling: boolean;
  readonly unit: UnitOrder;
  readonly activation: Activation;
  readonly squeezeExcitation: boolean;
}

interface Architecture {
  /** Residual units of each stage. */
  readonly units: readonly number[];
  readonly bottleneck: boolean;
  /** Filters of the units of the first stage; every further one has twice as many. */
  readonly width: number;
}

/** Maximum of the filters of the first convolution. */
const stemFilters = 64;

/** LResNet of InsightFace: residual network of the given depth; from 101 on of bottleneck units. */
export function resnet(depth: number, units: readonly number[]): Backbone<ResnetOptions> {
  const bottleneck = depth > 100;
  const architecture = { units, bottleneck, width: bottleneck ? 256 : 64 };
  return {
    family: 'ResNet',
    summary: `LResNet${depth}E-IR: residual network of depth ${depth}.`,
    options: {
      embeddingSize: embeddingSizeOption,
      head: headOption,
      earlyDownsampling: earlyDownsamplingOption,
      unit: {
        enum: ['improved', 'post-activation', 'pre-activation', ...(bottleneck ? ['resnext'] : [])],
        default: 'improved',
        description:
          'Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2).',
      },
      activation: {
        enum: [...activations],
        default: 'prelu',
        description: 'What follows the normalisations (--version-act).',
      },
      squeezeExcitation: {
        type: 'boolean',
        default: false,
        description: 'Every unit weights its channels by what is in the whole image (--version-se).',
      },
    },
    weights: { distribution: 'gaussian', fan: 'out' },
    build: (options, size) => buildResnet(architecture, options, { channels: 3, ...size }),
  };
}

/** A residual network of any number of units. */
export function buildResnet(architecture: Architecture, options: ResnetOptions, image: Graph['input']): Graph {
  const builder = new NetworkBuilder();
  const filters = Math.min(architecture.width, stemFilters);
  const layer = stages(builder, stem(builder, filters, options), { ...architecture, ...options });
  const { head, embeddingSize } = options;
  return builder.build(image, outputHead(head, { builder, image, layer, embeddingSize }));
}

function stem(builder: NetworkBuilder, filters: number, { earlyDownsampling, activation }: ResnetOptions): string {
  const pixels = builder.normalizeInput(builder.add('identity', 'id', builder.data));
  const window = earlyDownsampling ? { kernel: 7, stride: 2, pad: 3 } : { kernel: 3, pad: 1 };
  const convolved = builder.convolve('conv0', pixels, { filters, ...window });
  const normalized = builder.add('batch-normalization', 'bn0', convolved, headNormalization);
  const active = builder.activate('relu0', normalized, activation);
  if (!earlyDownsampling) return active;
  return builder.pool(builder.numbered('pooling'), active, { function: 'max', kernel: 3, stride: 2, pad: 1 });
}

/** The first unit of each stage halves the image and projects its input. */
function stages(builder: NetworkBuilder, input: string, network: Architecture & ResnetOptions): string {
  const { units, bottleneck, width, unit: order, activation, squeezeExcitation, earlyDownsampling } = network;
  let layer = input;
  for (const [stage, count] of units.entries()) {
    for (let index = 1; index <= count; index += 1) {
      const isFirst = index === 1;
      layer = residualUnit(builder, layer, {
        name: `stage${stage + 1}_unit${index}`,
        order,
        filters: width * 2 ** stage,
        bottleneck,
        // After an early down-sampling the first stage keeps the size.
        stride: isFirst && !(earlyDownsampling && stage === 0) ? 2 : 1,
        projects: isFirst,
        activation,
        squeezeExcitation,
        stridesFirst: earlyDownsampling,
      });
    }
  }
  return layer;
}
