import type { GroupCell, GroupPoint, GroupRate } from '../../src/kit/face/groups/group-rates.ts';
import type { RateGap } from '../../src/kit/face/groups/rate-gap.ts';
import type { GroupResult } from '../../src/kit/face/verification-result.ts';
import { type Html, markup } from '../../src/kit/draw/html.ts';
import { intervalFigure, type IntervalRow } from '../../src/kit/draw/interval-chart.ts';
import { fixed, groupedInteger } from '../../src/kit/draw/number-text.ts';
import { drawTable } from '../../src/kit/draw/table.ts';

/** Below so many errors a rate says little: the rule of 30 of ISO/IEC 19795-1. */
const fewErrors = 30;

/** Rates by group of one set: a drawing, a table and the gaps for each rate that the set measures. */
export function groupDetails(groups: GroupResult): Html {
  const { names, imagesWithout, pairsWithout, points } = groups;
  const outside =
    pairsWithout === 0
      ? ''
      : ` ${groupedInteger(pairsWithout)} pairs have an image in no group (${groupedInteger(imagesWithout)} images) and count for the whole set only.`;
  return markup`<h3>By group</h3>
    <p>
      The errors of ${names.join(', ')} at one threshold, that of the whole set. Two names with a cross: one image in each group.${outside}
      ${points.length === 0 ? 'No rate is measurable on this set, so there is no threshold to compare at.' : undefined}
    </p>
    ${points.map(pointDetails)}`;
}

function pointDetails({ far, distance, cells, gaps }: GroupPoint): Html {
  const at = `threshold ${fixed(distance, 3)}, where the false match rate of the whole set is at most ${far}`;
  const charts = (['fnmr', 'fmr'] as const).map((kind) => rateFigure(cells, kind, at));
  return markup`<div class="columns">${charts}</div>
    ${rateTable(cells, at)} ${gaps.length === 0 ? undefined : gapTable(gaps, far)}`;
}

function nameOf({ groups }: Pick<GroupCell, 'groups'>): string {
  return groups.join(' × ');
}

function rateFigure(cells: readonly GroupCell[], kind: 'fnmr' | 'fmr', at: string): Html | undefined {
  const rows = cells.flatMap((cell): IntervalRow[] => {
    const rate = cell[kind];
    const colour = cell.groups.length === 1 ? 0 : 1;
    return rate === undefined
      ? []
      : [{ label: nameOf(cell), ...rate, interval: rate.interval, colour, isWeak: rate.errors < fewErrors }];
  });
  if (rows.length === 0) return undefined;
  const title = kind === 'fnmr' ? 'FNMR by group' : 'FMR by group';
  const what =
    kind === 'fnmr' ? 'pairs of one person that are rejected' : 'pairs of different people that are accepted';
  const summary = `${title} with 95 % intervals: ${rows.map(({ label, value }) => `${label} ${fixed(value, 4)}`).join(', ')}`;
  return intervalFigure(
    title,
    { summary, label: kind === 'fnmr' ? 'false non-match rate' : 'false match rate', rows },
    `Share of the ${what}, at the ${at}, with 95 % intervals. Hollow: fewer than ${fewErrors} errors.`,
  );
}

function rateTable(cells: readonly GroupCell[], at: string): Html {
  const isFew = cells.some(({ fnmr, fmr }) =>
    [fnmr, fmr].some((rate) => rate !== undefined && rate.errors < fewErrors),
  );
  return drawTable(
    cells,
    [
      { title: 'group', cell: nameOf },
      { title: 'FNMR', numeric: true, cell: ({ fnmr }) => rateText(fnmr) },
      { title: '95 %', numeric: true, cell: ({ fnmr }) => intervalText(fnmr) },
      { title: 'errors', numeric: true, cell: ({ fnmr }) => countText(fnmr) },
      { title: 'FMR', numeric: true, cell: ({ fmr }) => rateText(fmr) },
      { title: '95 %', numeric: true, cell: ({ fmr }) => intervalText(fmr) },
      { title: 'errors', numeric: true, cell: ({ fmr }) => countText(fmr) },
    ],
    markup`<b>Errors by group</b> at the ${at}: of pairs of one person (FNMR) and of different people (FMR), within a group and
      across two. 95 %: over the draws of people that all figures have; the threshold is held.
      ${isFew ? `Counts with an asterisk are below ${fewErrors}: such rates say little.` : undefined}`,
  );
}

function rateText(rate: GroupRate | undefined): string {
  return rate === undefined ? 'no pairs' : fixed(rate.value, 4);
}

function intervalText(figure: Pick<GroupRate, 'interval'> | undefined): string {
  if (figure === undefined) return '-';
  const { interval } = figure;
  return interval === undefined ? 'too few people' : `${fixed(interval.low, 4)} to ${fixed(interval.high, 4)}`;
}

function countText(rate: GroupRate | undefined): string {
  if (rate === undefined) return '-';
  return `${groupedInteger(rate.errors)}${rate.errors < fewErrors ? '*' : ''} of ${groupedInteger(rate.pairs)}`;
}

function gapTable(gaps: readonly RateGap[], far: number): Html {
  return drawTable(
    gaps,
    [
      { title: 'rate', cell: ({ kind }) => kind.toUpperCase() },
      { title: 'groups', cell: ({ groups }) => groups.join(' less ') },
      { title: 'gap', numeric: true, cell: ({ value }) => signed(value) },
      {
        title: '95 %',
        numeric: true,
        cell: ({ interval }) =>
          interval === undefined ? 'too few people' : `${signed(interval.low)} to ${signed(interval.high)}`,
      },
      { title: '', cell: ({ verdict }) => verdict },
    ],
    markup`<b>Gaps between groups</b> at the threshold of FMR ${far}: rate of the first less that of the second, on the same draws of people. Undecided:
      the interval holds 0.`,
  );
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${fixed(Math.abs(value), 4)}`;
}
