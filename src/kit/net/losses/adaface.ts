import { classCentres, ownCentres, stateOf } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss, type MarginTarget } from './margin-loss.ts';
import { gradient, interclassFilter, type MarginOptions, scale, marginFigures } from './margin-options.ts';

export interface AdafaceOptions extends MarginOptions {
  readonly margin: number;
  readonly concentration: number;
  readonly averageRate: number;
  readonly scale: number;
}

/** Angles are kept this far from 0 and pi, and cosines from 1 and -1. */
const clearance = 1e-3;
/** Norms count within these limits. */
const [leastNorm, greatestNorm] = [1e-3, 100];

/**
 * AdaFace: the norm of an embedding, compared with running mean and deviation of norms, tells the quality of the image;
 * good ones get a margin like CosineFace's, bad ones like ArcFace's turned round. Nothing is derived by the norm. A batch of one
 * has no deviation and leaves that of before.
 */
export const adaface: Loss<AdafaceOptions> = {
  summary: 'Angular and cosine margins by the quality of the image, told from the norm of its embedding.',
  formula:
    's (cos(clip(theta - m z, 0.001, pi - 0.001)) - (m + m z)), z = clip(h (|e| - mu) / (sigma + 0.001), -1, 1); ' +
    'mu and sigma are running means of the mean and deviation of |e|, of this batch included',
  source: 'Kim et al. 2022, "AdaFace", equations 13 to 17',
  options: {
    margin: { type: 'number', minimum: 0, maximum: 1, default: 0.4, description: 'm.' },
    concentration: { type: 'number', minimum: 0, default: 0.333, description: 'h: how fast the quality saturates.' },
    averageRate: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.01,
      description: 'Share of a batch in the running mean and deviation.',
    },
    scale,
    interclassFilter,
    gradient,
  },
  arrays: (sizes) => [
    ...classCentres(sizes),
    { name: 'norm_mean', shape: [], initial: 20, role: 'state' },
    { name: 'norm_deviation', shape: [], initial: 100, role: 'state' },
  ],
  rowsPerClass: () => 1,
  reads: (call) => ({ ...ownCentres(call), ...stateOf(call, ['norm_mean', 'norm_deviation']) }),
  compute: (call, options) => {
    const known = ['norm_mean', 'norm_deviation'].map((name) => call.read[name]?.[0] ?? NaN);
    return marginLoss(call, {
      ...options,
      margin({ cosines, norms }) {
        const clipped = norms.map((norm) => clip(norm, [leastNorm, greatestNorm]));
        const [mean = NaN, deviation = NaN] = running(known, clipped, options.averageRate);
        const { margin, concentration } = options;
        const qualities = clipped.map((norm) => clip((concentration * (norm - mean)) / (deviation + 1e-3), [-1, 1]));
        return {
          targets: cosines.map((cosine, at) => adafaceTarget(cosine, { margin, quality: qualities[at] ?? NaN })),
          state: { norm_mean: mean, norm_deviation: deviation },
          figures: {
            normMean: mean,
            normDeviation: deviation,
            // Of the angle; what is taken off the cosine is `margin` more.
            ...marginFigures(qualities.map((quality) => -margin * quality)),
          },
        };
      },
    });
  },
};

function clip(value: number, [least, greatest]: readonly [number, number]): number {
  return Math.min(greatest, Math.max(least, value));
}

/** Mean and sample deviation of a batch mixed into those of before. */
function running([mean = NaN, deviation = NaN]: readonly number[], norms: readonly number[], rate: number): number[] {
  const own = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  const squares = norms.reduce((sum, norm) => sum + (norm - own) ** 2, 0);
  const spread = norms.length === 1 ? deviation : Math.sqrt(squares / (norms.length - 1));
  return [rate * own + (1 - rate) * mean, rate * spread + (1 - rate) * deviation];
}

export function adafaceTarget(
  cosine: number,
  { margin, quality }: { readonly margin: number; readonly quality: number },
): Required<Pick<MarginTarget, 'value' | 'slope'>> {
  const limit = 1 - clearance;
  const angle = Math.acos(clip(cosine, [-limit, limit]));
  const changed = angle - margin * quality;
  const kept = clip(changed, [clearance, Math.PI - clearance]);
  const isFree = Math.abs(cosine) <= limit && kept === changed;
  return {
    value: Math.cos(kept) - margin - margin * quality,
    slope: isFree ? Math.sin(changed) / Math.sin(angle) : 0,
  };
}
