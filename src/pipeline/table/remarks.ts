import { epsilonOf, type WrittenTable } from './definition.ts';
import type { DraftCell } from './draft-cell.ts';
import type { TableColumn } from './expand-rows.ts';

/** How to read a table: what is behind the values, which of several was taken, and by which rule they are compared. */
export function remarksOf(
  { definition }: WrittenTable,
  drafts: readonly DraftCell[],
  isSmoke: boolean,
): readonly string[] {
  const columns = [...new Set(drafts.map(({ column }) => column))];
  const hasSpread = (kind: 'deviation' | 'interval'): boolean => drafts.some(({ cell }) => cell.spread?.kind === kind);
  const compared = columns.filter((column) =>
    drafts.some((draft) => draft.column === column && draft.cell.published !== null),
  );
  // Of a single row there is nothing that could be best.
  const hasBest = columns.some(
    (column) =>
      column.direction !== 'none' &&
      drafts.filter((draft) => draft.column === column && draft.cell.value !== null).length > 1,
  );
  const over = definition.over.join(' and ');
  return [
    ...(isSmoke ? ['A smoke run: it shows that everything works, and its figures mean nothing.'] : []),
    ...(hasSpread('deviation') ? [`Means over ${over} \u00b1 their standard deviation (n \u2212 1).`] : []),
    ...(hasSpread('interval') ? ['In brackets 95 % intervals.'] : []),
    ...columns.flatMap(selectorText),
    ...(compared.length > 0 && !isSmoke ? [tierRule(compared)] : []),
    ...(hasBest && !isSmoke
      ? ['Bold: better than every other row, each by the 95 % interval of the paired difference.']
      : []),
    ...definition.footnotes,
  ];
}

function selectorText({ title, select, direction }: TableColumn): string[] {
  if (select === 'last') return [];
  if (select === 'best') return [`${title}: the ${direction === 'lower' ? 'lowest' : 'highest'} value of the curve.`];
  return [`${title}: the value at step ${select.at}.`];
}

function tierRule(columns: readonly TableColumn[]): string {
  const limits = columns.map((column) => String(Number(epsilonOf(column).toPrecision(6))));
  const isOne = new Set(limits).size === 1;
  const texts = isOne ? limits.slice(0, 1) : columns.map(({ title }, index) => `${limits[index] ?? ''} in ${title}`);
  return (
    `Behind a published value: the difference of ours, and whether it is reproduced (at most ${texts.join(', ')} away, ` +
    'or above a lower bound), within spread (in the interval, or within two deviations) or differs.'
  );
}
