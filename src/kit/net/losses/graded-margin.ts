import { angleOf } from './angular-margin.ts';
import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss, type MarginOutcome } from './margin-loss.ts';
import { gradient, interclassFilter, type MarginOptions, scale, marginFigures } from './margin-options.ts';

export interface GradedMarginOptions extends MarginOptions {
  readonly margin: number;
  readonly leastShare: number;
  readonly scale: number;
}

/** Angles above this, in radians, are left alone. */
const greatestAngle = 1;

/**
 * Loss type 6 of the 2018 system: the smaller an angle, the more of the margin is added to it; the whole of it to the
 * smallest of the batch. The derivative passes through the share too, and so to the smallest angle.
 */
export const gradedMargin: Loss<GradedMarginOptions> = {
  summary: 'Additive angular margin, more of it the nearer a sample is, none beyond one radian.',
  formula: 's cos(theta + m r) with r = max(a, least theta of the batch / theta), r = 0 where theta > 1',
  source: 'the 2018 system',
  index: 6,
  options: {
    margin: { type: 'number', minimum: 0, default: 0.5, description: 'm (--margin-m), in radians.' },
    leastShare: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0,
      description: 'a (--margin-a): the least share of the margin that is added below one radian.',
    },
    scale,
    interclassFilter,
    gradient,
  },
  ...oneCentreAClass,
  compute: (call, options) =>
    marginLoss(call, { ...options, margin: ({ cosines }) => gradedTargets(cosines, options) }),
};

function gradedTargets(
  cosines: readonly number[],
  { margin, leastShare }: Pick<GradedMarginOptions, 'margin' | 'leastShare'>,
): MarginOutcome {
  const angles = cosines.map(angleOf);
  const least = angles.reduce((best, each) => (each.angle < best.angle ? each : best), { angle: Infinity, slope: 0 });
  const rows = angles.map(({ angle, slope }) => {
    const share = least.angle / angle;
    const isGraded = angle <= greatestAngle && share > leastShare;
    const added = angle > greatestAngle ? 0 : margin * Math.max(leastShare, share);
    const changed = angle + added;
    const fall = -Math.sin(changed);
    return {
      added,
      target: { value: Math.cos(changed), slope: fall * (isGraded ? 1 - (margin * share) / angle : 1) * slope },
      byLeast: isGraded ? ((fall * margin) / angle) * least.slope : 0,
    };
  });
  return {
    targets: rows.map(({ target }) => target),
    figures: marginFigures(rows.map(({ added }) => added)),
    shared: { sample: angles.indexOf(least), slopes: rows.map(({ byLeast }) => byLeast) },
  };
}
