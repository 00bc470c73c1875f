import type { Graph } from '../graph.ts';
import type { Backbone, PictureSize } from './backbone.ts';
import { mobileFaceNet } from './mobile-face-net.ts';
import { resnet } from './resnet.ts';

/** The networks that can be trained, by the names of 2018: a letter for the family and its depth. */
export const backbones = {
  y1: mobileFaceNet,
  r18: resnet(18, [2, 2, 2, 2]),
  r34: resnet(34, [3, 4, 6, 3]),
  r50: resnet(50, [3, 4, 14, 3]),
  r100: resnet(100, [3, 13, 30, 3]),
} as const;

export type BackboneName = keyof typeof backbones;

/** The choice of a network as an experiment makes it: its name, and all its options with defaults filled in. */
export type NetworkChoice = { [Name in BackboneName]: { readonly name: Name } & OptionsOf<Name> }[BackboneName];

type OptionsOf<Name extends BackboneName> = (typeof backbones)[Name] extends Backbone<infer Options> ? Options : never;

export function backboneOf({ name }: NetworkChoice): Backbone<object> {
  return backbones[name];
}

/** Builds the chosen network for pictures of one size. */
export function buildNetwork(choice: NetworkChoice, size: PictureSize): Graph {
  return backboneOf(choice).build(choice, size);
}
