import { buildDenseNet } from '../../../../src/kit/net/backbones/dense-net.ts';
import { buildDualPath } from '../../../../src/kit/net/backbones/dual-path.ts';
import { buildInceptionResnet } from '../../../../src/kit/net/backbones/inception-resnet.ts';
import { backbones } from '../../../../src/kit/net/backbones/index.ts';
import { buildMobileFaceNet } from '../../../../src/kit/net/backbones/mobile-face-net.ts';
import { buildMobileNetV2 } from '../../../../src/kit/net/backbones/mobile-net-v2.ts';
import { buildMobileNet } from '../../../../src/kit/net/backbones/mobile-net.ts';
import { buildResnet, type ResnetOptions } from '../../../../src/kit/net/backbones/resnet.ts';
import { buildSphereNet } from '../../../../src/kit/net/backbones/sphere-net.ts';
import { Random } from '../../../../src/core/random.ts';
import { elementCount } from '../../../../src/kit/net/graph/feature-shape.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { initialValues, type WeightInitializer } from '../../../../src/kit/net/model/initialize.ts';
import { randomParameters } from './small-networks.ts';

/** A family with few layers and small images: everything its builder can make occurs. */
export interface SmallFamily {
  readonly graph: Graph;
  readonly weights: WeightInitializer;
  /**
   * It has so many layers that some value is always so close to the bend of a ReLU that rounding decides, and gradients
   * jump. Its normalisations shift each channel as a whole to the one side or to the other.
   */
  readonly isKeptFromBends?: true;
}

const image = { channels: 3, height: 12, width: 12 };
/** For networks that halve it more often: a map of one pixel would leave three values per channel to normalise. */
const largerImage = { channels: 3, height: 24, width: 24 };
const embeddingSize = 8;
const common = { embeddingSize, head: 'E', earlyDownsampling: false } as const;

function resnet(options: Partial<ResnetOptions>, bottleneck = false): SmallFamily {
  const all = { ...common, unit: 'improved', activation: 'prelu', squeezeExcitation: false, ...options } as const;
  const architecture = { units: [2, 1], bottleneck, width: bottleneck ? 64 : 16 };
  const size = all.earlyDownsampling ? largerImage : image;
  return { graph: buildResnet(architecture, all, size), weights: backbones.r18.weights };
}

export const smallFamilies: Readonly<Record<string, SmallFamily>> = {
  resnet: resnet({}),
  'resnet with early down-sampling': resnet({ earlyDownsampling: true }),
  'resnet, squeeze and excitation, relu': resnet({ squeezeExcitation: true, activation: 'relu' }),
  'resnet, post-activation, head A': resnet({ unit: 'post-activation', head: 'A' }),
  'resnet, post-activation, early down-sampling, head D': resnet({
    unit: 'post-activation',
    earlyDownsampling: true,
    head: 'D',
  }),
  'resnet, pre-activation, head F': resnet({ unit: 'pre-activation', head: 'F' }),
  'bottleneck resnet, head GDC': resnet({ head: 'GDC' }, true),
  'bottleneck resnet, post-activation, head H': resnet({ unit: 'post-activation', head: 'H' }, true),
  'bottleneck resnet, pre-activation, head J': resnet({ unit: 'pre-activation', head: 'J' }, true),
  'resnext, head GNAP': resnet({ unit: 'resnext', head: 'GNAP' }, true),
  'resnet, head GNAP with more values than channels': resnet({ head: 'GNAP', embeddingSize: 40 }),
  densenet: {
    graph: buildDenseNet({ growth: 4, units: [2, 2] }, { ...common, head: 'CX' }, largerImage),
    weights: backbones.d121.weights,
  },
  'dual path': {
    graph: buildDualPath(
      {
        width: 16,
        innerWidth: 8,
        groups: 4,
        stages: [
          { blocks: 2, increment: 4 },
          { blocks: 1, increment: 4 },
        ],
      },
      common,
      image,
    ),
    weights: backbones.p92.weights,
  },
  'inception-resnet': {
    graph: buildInceptionResnet(
      { blocks35: 1, blocks17: 1, blocks8: 2, width: 1 / 32 },
      { ...common, head: 'G' },
      { channels: 3, height: 37, width: 37 },
    ),
    weights: backbones.i2.weights,
  },
  spherenet: {
    graph: buildSphereNet({ pairs: [1, 1], width: 8 }, { embeddingSize }, image),
    weights: backbones.s20.weights,
  },
  m1: {
    graph: buildMobileNet(1 / 16, { ...common, head: 'I' }, { channels: 3, height: 32, width: 32 }),
    weights: backbones.m1.weights,
  },
  m2: {
    graph: buildMobileNetV2(1 / 4, { embeddingSize }, { channels: 3, height: 32, width: 32 }),
    weights: backbones.m2.weights,
    isKeptFromBends: true,
  },
  y1: {
    graph: buildMobileFaceNet(
      { width: 1 / 8, lastKernel: 2 },
      { embeddingSize, bnMomentum: 0.9 },
      { height: 32, width: 32 },
    ),
    weights: backbones.y1.weights,
  },
};

/** Weights as training starts with; all else drawn, so that nothing is 0 or 1 by chance. */
export function familyParameters(family: SmallFamily): ReadonlyMap<string, NamedArray> {
  const { graph, weights } = family;
  const drawn = randomParameters(graph, 1);
  const random = new Random(2);
  const kinds = new Map(graph.layers.map(({ name, kind }) => [name, kind]));
  const bent = family.isKeptFromBends === true ? inputsOfActivations(graph) : new Set<string>();
  for (const parameter of inferShapes(graph).parameters) {
    const { name, suffix, layer, shape } = parameter;
    const put = (draw: () => number): void => {
      drawn.set(name, { name, shape, values: Float32Array.from({ length: elementCount(shape) }, draw) });
    };
    if (parameter.initial === 'xavier') drawn.set(name, initialValues(parameter, weights, 1));
    // A normalisation scaled to almost nothing, before the next one, would leave little but rounding.
    if (suffix === 'gamma')
      put(() => (kinds.get(layer) === 'prelu' ? random.uniform(0.1, 0.4) : random.uniform(0.5, 1.5)));
    if (suffix === 'beta' && bent.has(layer)) put(() => (random.uniform(0, 1) < 0.7 ? farFromZero : -farFromZero));
  }
  return drawn;
}

/** A shift of a normalised channel, deviation about 1, that hardly a value reaches. */
const farFromZero = 5;

function inputsOfActivations({ layers }: Graph): ReadonlySet<string> {
  return new Set(layers.flatMap(({ kind, inputs }) => (kind === 'prelu' || kind === 'activation' ? inputs : [])));
}
