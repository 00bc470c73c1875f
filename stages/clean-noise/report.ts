import { basename } from 'node:path';
import type { EmbeddedSet } from '../../src/kit/face/embedded-set.ts';
import type { Params } from './contract.ts';
import type { CleanedIdentity } from './find-noise.ts';

/** What noise.json holds; docs/overlap.md describes it. */
export interface NoiseReport {
  readonly format: 'faceflow-noise';
  readonly version: 1;
  readonly model: string;
  readonly mode: Params['mode'];
  /** The cosine of mode centre, or the distance of mode clusters. */
  readonly threshold: number;
  readonly identities: Counts;
  readonly images: Counts;
  /** Labels, in the set as it was, of identities of which nothing is left. */
  readonly vanished: readonly number[];
  /** How many images have a lower cosine to the centre, for thresholds from 0 to 1. */
  readonly belowThreshold: readonly { readonly threshold: number; readonly images: number }[];
}

interface Counts {
  readonly before: number;
  readonly after: number;
}

/** What was found in a set. */
export interface Findings {
  readonly set: EmbeddedSet;
  readonly cosines: Float64Array;
  readonly identities: readonly CleanedIdentity[];
}

export function noiseReport({ set, cosines, identities }: Findings, params: Params, model: string): NoiseReport {
  const left = identities.filter(({ kept }) => kept.length > 0);
  const images = left.reduce((sum, { kept }) => sum + kept.length, 0);
  return {
    ...{ format: 'faceflow-noise', version: 1, model: basename(model), mode: params.mode },
    threshold: params.mode === 'centre' ? params.threshold : params.distance,
    identities: { before: identities.length, after: left.length },
    images: { before: set.set.imageCount, after: images },
    vanished: identities.filter(({ kept }) => kept.length === 0).map(({ label }) => label),
    belowThreshold: Array.from({ length: 101 }, (_, hundredths) => {
      const threshold = hundredths / 100;
      return { threshold, images: cosines.reduce((count, cosine) => count + (cosine < threshold ? 1 : 0), 0) };
    }),
  };
}

/** A line for each dropped image: its number from 1, its label, its cosine to the centre. */
export function droppedTable({ cosines, identities }: Findings): string {
  const lines = identities.flatMap(({ label, dropped }) =>
    dropped.map((position) => `${position + 1}\t${label}\t${(cosines[position] ?? NaN).toFixed(6)}`),
  );
  return `${['image\tlabel\tcosine', ...lines].join('\n')}\n`;
}
