import { buildDenseNet } from '../../../src/net/backbones/dense-net.ts';
import { buildDualPath } from '../../../src/net/backbones/dual-path.ts';
import { buildInceptionResnet } from '../../../src/net/backbones/inception-resnet.ts';
import { backbones } from '../../../src/net/backbones/index.ts';
import { buildMobileNetV2 } from '../../../src/net/backbones/mobile-net-v2.ts';
import { buildMobileNet } from '../../../src/net/backbones/mobile-net.ts';
import { buildResnet, type ResnetOptions } from '../../../src/net/backbones/resnet.ts';
import { buildSphereNet } from '../../../src/net/backbones/sphere-net.ts';
import type { Graph, LayerNode } from '../../../src/net/graph.ts';
import { inferGraph } from '../../../src/net/infer-graph.ts';
import { initialValues, type WeightInitializer } from '../../../src/net/initialize.ts';
import type { NamedArray } from '../../../src/net/named-array.ts';
import { randomParameters } from './small-networks.ts';

/** A family with few layers and small pictures: everything its builder can make occurs. */
export interface SmallFamily {
  readonly graph: Graph;
  readonly weights: WeightInitializer;
  /**
   * Some of its many values lie so close to the bend of a ReLU, or to another maximum, that rounding decides, and a
   * gradient jumps. Gradients are compared on the network without bends.
   */
  readonly hasCloseCalls?: true;
}

const picture = { channels: 3, height: 12, width: 12 };
/** For networks that halve it more often: a map of one pixel would leave three values per channel to normalise. */
const largerPicture = { channels: 3, height: 24, width: 24 };
const embeddingSize = 8;
const common = { embeddingSize, head: 'E', earlyDownsampling: false } as const;

function resnet(options: Partial<ResnetOptions>, bottleneck = false): SmallFamily {
  const all = { ...common, unit: 'improved', activation: 'prelu', squeezeExcitation: false, ...options } as const;
  const architecture = { units: [2, 1], bottleneck, width: bottleneck ? 64 : 16 };
  const size = all.earlyDownsampling ? largerPicture : picture;
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
    graph: buildDenseNet({ growth: 4, units: [2, 2] }, { ...common, head: 'CX' }, largerPicture),
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
      picture,
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
    hasCloseCalls: true,
  },
  spherenet: {
    graph: buildSphereNet({ pairs: [1, 1], width: 8 }, { embeddingSize }, picture),
    weights: backbones.s20.weights,
  },
  m1: {
    graph: buildMobileNet(1 / 16, { ...common, head: 'I' }, { channels: 3, height: 32, width: 32 }),
    weights: backbones.m1.weights,
    hasCloseCalls: true,
  },
  m2: {
    graph: buildMobileNetV2(1 / 8, { embeddingSize }, { channels: 3, height: 32, width: 32 }),
    weights: backbones.m2.weights,
    hasCloseCalls: true,
  },
};

/** The same layers, but for smooth functions in the place of ReLU, PReLU and the greatest value of a window. */
export function withoutBends(family: SmallFamily): SmallFamily {
  const layers = family.graph.layers.map((node): LayerNode => {
    const { name, inputs } = node;
    if (node.kind === 'prelu' || node.kind === 'activation') {
      return { name, inputs, kind: 'activation', attributes: { function: 'softrelu' } };
    }
    if (node.kind !== 'pooling') return node;
    return { ...node, attributes: { ...node.attributes, function: 'average' } };
  });
  return { ...family, graph: { ...family.graph, layers } };
}

/** Weights as training starts with; all else drawn, so that nothing is 0 or 1 by chance. */
export function familyParameters({ graph, weights }: SmallFamily): ReadonlyMap<string, NamedArray> {
  const drawn = randomParameters(graph, 1);
  for (const parameter of inferGraph(graph).parameters) {
    if (parameter.initial === 'xavier') drawn.set(parameter.name, initialValues(parameter, weights, 1));
  }
  return drawn;
}
