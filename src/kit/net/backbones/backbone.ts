import type { Json } from '../../../core/digest.ts';
import type { Graph, ImageSize } from '../graph/graph.ts';
import type { WeightInitializer } from '../model/initialize.ts';

/** A family of networks at one depth: how to build it and what can be chosen about it. */
export interface Backbone<Options> {
  /** Name of the architecture, shared by all its depths. */
  readonly family: string;
  readonly summary: string;
  /** JSON schema of each option; every one has a default. */
  readonly options: { readonly [Name in keyof Options]-?: Readonly<Record<string, Json>> };
  /** How weights are drawn before training. */
  readonly weights: WeightInitializer;
  readonly build: (options: Options, size: ImageSize) => Graph;
}

export const embeddingSizeOption = {
  type: 'integer',
  minimum: 1,
  maximum: 65_536,
  default: 512,
  description: 'Length of the embedding.',
} as const;

export const earlyDownsamplingOption = {
  type: 'boolean',
  default: false,
  description:
    'The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112.',
} as const;
