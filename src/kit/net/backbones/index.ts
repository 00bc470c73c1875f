import type { Graph } from '../graph/graph.ts';
import type { ImageSize } from '../../image/rgb-image.ts';
import type { Backbone } from './backbone.ts';
import { denseNet } from './dense-net.ts';
import { dualPath } from './dual-path.ts';
import { inceptionResnet } from './inception-resnet.ts';
import { mobileFaceNet } from './mobile-face-net.ts';
import { mobileNetV2 } from './mobile-net-v2.ts';
import { mobileNet } from './mobile-net.ts';
import { resnet } from './resnet.ts';
import { sphereNet } from './sphere-net.ts';

/** The networks that can be trained, by the names of 2018: a letter for the family and its depth. */
export const backbones = {
  y1: mobileFaceNet,
  r18: resnet(18, [2, 2, 2, 2]),
  r34: resnet(34, [3, 4, 6, 3]),
  r49: resnet(49, [3, 4, 14, 3]),
  r50: resnet(50, [3, 4, 14, 3]),
  r74: resnet(74, [3, 6, 24, 3]),
  r90: resnet(90, [3, 8, 30, 3]),
  r100: resnet(100, [3, 13, 30, 3]),
  r101: resnet(101, [3, 4, 23, 3]),
  r152: resnet(152, [3, 8, 36, 3]),
  r200: resnet(200, [3, 24, 36, 3]),
  r269: resnet(269, [3, 30, 48, 8]),
  m1: mobileNet,
  m2: mobileNetV2,
  d121: denseNet(121, { growth: 32, units: [6, 12, 24, 16] }),
  d169: denseNet(169, { growth: 32, units: [6, 12, 32, 32] }),
  d201: denseNet(201, { growth: 32, units: [6, 12, 48, 32] }),
  d161: denseNet(161, { growth: 48, units: [6, 12, 36, 24] }),
  p68: dualPath(68, {
    width: 256,
    innerWidth: 128,
    groups: 32,
    stages: dualPathStages([3, 4, 12, 3], [16, 32, 32, 64]),
  }),
  p92: dualPath(92, {
    width: 256,
    innerWidth: 96,
    groups: 32,
    stages: dualPathStages([3, 4, 20, 3], [16, 32, 24, 128]),
  }),
  p107: dualPath(107, {
    width: 256,
    innerWidth: 200,
    groups: 50,
    stages: dualPathStages([4, 8, 20, 3], [20, 64, 64, 128]),
  }),
  p131: dualPath(131, {
    width: 256,
    innerWidth: 160,
    groups: 40,
    stages: dualPathStages([4, 8, 28, 3], [16, 32, 32, 128]),
  }),
  i2: inceptionResnet,
  s20: sphereNet(20, [1, 2, 4, 1]),
  s36: sphereNet(36, [2, 4, 8, 2]),
  s60: sphereNet(60, [3, 8, 14, 3]),
  s64: sphereNet(64, [3, 8, 16, 3]),
  s104: sphereNet(104, [3, 8, 36, 3]),
} as const;

export type BackboneName = keyof typeof backbones;

/** The choice of a network as an experiment makes it: its name, and all its options with defaults filled in. */
export type NetworkChoice = { [Name in BackboneName]: { readonly name: Name } & OptionsOf<Name> }[BackboneName];

type OptionsOf<Name extends BackboneName> = (typeof backbones)[Name] extends Backbone<infer Options> ? Options : never;

/** The network of a name with the options given, and the defaults of all others. */
export function chooseNetwork<Name extends BackboneName>(
  name: Name,
  options: Partial<OptionsOf<Name>> = {},
): NetworkChoice {
  const schemas = Object.entries<Readonly<Record<string, unknown>>>(backbones[name].options);
  const defaults = Object.fromEntries(schemas.map(([option, schema]) => [option, schema['default']]));
  // Every option has a default of its own type; test/kit/net/backbones holds the schema to that.
  return { name, ...defaults, ...options } as unknown as NetworkChoice;
}

export function backboneOf({ name }: NetworkChoice): Backbone<object> {
  return backbones[name];
}

/** Builds the chosen network for images of one size. */
export function buildNetwork(choice: NetworkChoice, size: ImageSize): Graph {
  return backboneOf(choice).build(choice, size);
}

function dualPathStages(
  blocks: readonly number[],
  increments: readonly number[],
): { readonly blocks: number; readonly increment: number }[] {
  return blocks.map((count, stage) => ({ blocks: count, increment: increments[stage] ?? 0 }));
}
