import { arcfaceTarget } from './angular-margin.ts';
import { classCentres, ownCentres } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss } from './margin-loss.ts';
import { angularMargin, gradient, interclassFilter, type MarginOptions, scale } from './margin-options.ts';

export interface SubCentreArcfaceOptions extends MarginOptions {
  readonly margin: number;
  readonly scale: number;
  readonly centres: number;
}

/**
 * Sub-centre ArcFace: a class has several centres, of which the nearest counts, so that images under a wrong label gather
 * around a centre of their own. The centres of a class are adjacent rows of `fc7_weight`, [classes * K, embeddingSize].
 */
export const subCentreArcface: Loss<SubCentreArcfaceOptions> = {
  summary: 'ArcFace with several centres a class, for noisy labels.',
  formula: 'as arcface, with c_j = max over k of the cosines with the K centres of class j',
  source: 'Deng et al. 2020, "Sub-center ArcFace", equation 4',
  options: {
    margin: angularMargin,
    scale,
    centres: { type: 'integer', minimum: 1, maximum: 1000, default: 3, description: 'K: centres of a class.' },
    interclassFilter,
    gradient,
  },
  arrays: (sizes, { centres }) => classCentres(sizes, centres),
  rowsPerClass: ({ centres }) => centres,
  reads: (call, { centres }) => ownCentres(call, centres),
  compute: (call, options) =>
    marginLoss(call, {
      ...options,
      centresPerClass: options.centres,
      margin: ({ cosines }) => ({
        targets: cosines.map((cosine) => arcfaceTarget(cosine, { margin: options.margin, easyMargin: false })),
      }),
    }),
};
