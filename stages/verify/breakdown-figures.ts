import type { StageEvent } from '../../src/stage-api/stage.ts';
import type { GroupCell, GroupPoint, GroupRate } from '../../src/kit/face/groups/group-rates.ts';
import type { Measured } from '../../src/kit/face/uncertainty/measured.ts';
import type { VerificationResult } from '../../src/kit/face/verification-result.ts';

type Metric = Extract<StageEvent, { type: 'metric' }>;

/** A figure and behind it `...Low` and `...High`: the ends of the 95 % interval. */
export function withEnds(name: string, { value, interval }: Measured): readonly Metric[] {
  const metric = (suffix: string, at: number): Metric => ({ type: 'metric', name: `${name}${suffix}`, value: at });
  return [metric('', value), ...(interval ? [metric('Low', interval.low), metric('High', interval.high)] : [])];
}

/** A rate in the name of a figure, with all its digits: `1e-2`, `2.5e-3`. */
export function rateName(rate: number): string {
  return rate.toExponential();
}

/** The groups that the pairs of a cell are of: `female`, or `female x male` across two. */
export function cellName({ groups }: Pick<GroupCell, 'groups'>): string {
  return groups.join(' x ');
}

/** Rates by group (`female/fnmrAtFmr1e-2`), gaps (`female less male/fnmrAtFmr1e-2`), and areas of error against discarded share. */
export function breakdownFigures({ groups, discard = [] }: VerificationResult, prefix: string): readonly Metric[] {
  const byGroup = groups?.points.flatMap((point) => figuresOfPoint(point, prefix)) ?? [];
  const byQuality = discard.flatMap(({ quality, far, area, relativeArea }) => {
    const name = `${prefix}discardBy${quality.charAt(0).toUpperCase()}${quality.slice(1)}`;
    const at = `AtFmr${rateName(far)}`;
    const relative = relativeArea === undefined ? [] : withEnds(`${name}/relativeArea${at}`, relativeArea);
    return [...withEnds(`${name}/area${at}`, area), ...relative];
  });
  return [...byGroup, ...byQuality];
}

function figuresOfPoint({ far, cells, gaps }: GroupPoint, prefix: string): readonly Metric[] {
  const at = `AtFmr${rateName(far)}`;
  return [
    ...cells.flatMap((cell) => {
      const name = `${prefix}${cellName(cell)}`;
      return [
        ...(cell.fnmr ? withEnds(`${name}/fnmr${at}`, cell.fnmr) : []),
        ...(cell.fmr ? withEnds(`${name}/fmr${at}`, cell.fmr) : []),
      ];
    }),
    ...gaps.flatMap(({ groups, kind, ...gap }) => withEnds(`${prefix}${groups.join(' less ')}/${kind}${at}`, gap)),
  ];
}

/** One line for each group, and for every two of them, at each rate that the set measures. */
export function breakdownLines({ set, groups, discard = [] }: VerificationResult): readonly string[] {
  const lines = groups?.points.flatMap(({ far, cells }) =>
    cells.map((cell) => {
      const rates = [cell.fnmr && `FNMR ${rateText(cell.fnmr)}`, cell.fmr && `FMR ${rateText(cell.fmr)}`];
      const known = rates.filter((rate) => rate !== undefined);
      return `[${set}]${cellName(cell)}: ${known.length === 0 ? 'no pairs' : `${known.join(', ')} at the threshold of FMR ${far}`}`;
    }),
  );
  const areas = discard.map(({ quality, far, area, relativeArea }) => {
    const share = relativeArea === undefined ? '' : `, ${intervalText(relativeArea, 2)} of that of all pairs`;
    return `[${set}]FNMR while the 0 to 30 % of lowest ${quality} are discarded: ${intervalText(area, 5)}${share}, at the threshold of FMR ${far}`;
  });
  return [...(lines ?? []), ...areas];
}

function rateText({ errors, pairs, ...measured }: GroupRate): string {
  return `${intervalText(measured, 5)} (${errors} of ${pairs})`;
}

function intervalText({ value, interval }: Measured, digits: number): string {
  const ends = interval === undefined ? '' : ` [${interval.low.toFixed(digits)}, ${interval.high.toFixed(digits)}]`;
  return `${value.toFixed(digits)}${ends}`;
}

/** The rule of 30 (ISO/IEC 19795-1): of fewer errors a rate is known to no better than 30 %. */
export const fewErrors = 30;

/** What has to be known of figures that are less sure than they look; empty where there is nothing. */
export function breakdownWarnings({ set, groups, discard = [] }: VerificationResult): readonly string[] {
  if (groups === undefined && discard.length === 0) return [];
  const cells = groups?.points.flatMap(({ far, cells: each }) => each.map((cell) => ({ far, cell }))) ?? [];
  const few = cells.flatMap(({ far, cell }) => {
    const counts = [
      cell.fnmr && cell.fnmr.errors < fewErrors ? `${cell.fnmr.errors} false non-matches` : undefined,
      cell.fmr && cell.fmr.errors < fewErrors ? `${cell.fmr.errors} false matches` : undefined,
    ].filter((count) => count !== undefined);
    return counts.length === 0 ? [] : [`${cellName(cell)} at FMR ${far}: ${counts.join(', ')}`];
  });
  const without = (groups?.names ?? []).filter((name) =>
    cells.every(({ cell }) => cell.groups.join(' x ') !== name || (cell.fnmr ?? cell.fmr) === undefined),
  );
  const left = discard.find((curve) => curve.without > 0);
  return [
    ...((groups?.points ?? discard).length === 0
      ? [`[${set}]no rate is measurable on this set: there is no threshold to compare at`]
      : []),
    ...(few.length === 0
      ? []
      : [`[${set}]fewer than ${fewErrors} errors, so that rates and gaps say little: ${few.join('; ')}`]),
    ...(without.length === 0 || cells.length === 0 ? [] : [`[${set}]no pairs within the group ${without.join(', ')}`]),
    ...(left === undefined
      ? []
      : [`[${set}]${left.without} pairs of one person have no ${left.quality}: they are left out of its curve`]),
  ];
}
