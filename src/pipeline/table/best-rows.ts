import { factorOf, type WrittenTable } from './definition.ts';
import type { DraftCell, Notes } from './draft-cell.ts';
import { signedText } from './cell-text.ts';
import { pairedInterval, type PairedInterval } from './paired-interval.ts';
import type { SourceTask } from './source-task.ts';

/**
 * The difference of a figure of two tasks that were measured on the same things, first less second, with its 95 % interval;
 * undefined if nothing is known of their pairs.
 */
export type ComparePairs = (figure: string, first: SourceTask, second: SourceTask) => PairedInterval | undefined;

interface MarkOptions {
  readonly comparePairs: ComparePairs;
  readonly notes: Notes;
}

/**
 * Marks the best of each column with a direction, where it is better than every other row by the 95 % interval of their paired
 * difference; otherwise a note tells against which row that is undecided.
 */
export function markBest(
  table: WrittenTable,
  drafts: readonly (readonly DraftCell[])[],
  options: MarkOptions,
): readonly (readonly DraftCell[])[] {
  const verdicts = new Map<DraftCell, DraftCell>();
  for (const index of drafts[0]?.keys() ?? []) {
    const column = drafts.flatMap((row) => row[index] ?? []);
    for (const [draft, marked] of verdictOn(table, column, options)) verdicts.set(draft, marked);
  }
  return drafts.map((row) => row.map((draft) => verdicts.get(draft) ?? draft));
}

function verdictOn(
  table: WrittenTable,
  drafts: readonly DraftCell[],
  { comparePairs, notes }: MarkOptions,
): [DraftCell, DraftCell][] {
  const direction = drafts[0]?.column.direction ?? 'none';
  const sign = direction === 'lower' ? -1 : 1;
  const valueOf = ({ cell }: DraftCell): number => sign * (cell.value ?? NaN);
  const [best, ...others] = drafts
    .filter((draft) => Number.isFinite(valueOf(draft)))
    .sort((one, other) => valueOf(other) - valueOf(one));
  if (direction === 'none' || best === undefined || others.length === 0) return [];
  // The nearest first: it is the likeliest to leave it undecided, and a comparison may take seconds.
  for (const other of others) {
    const found = differenceOf(table, [best, other], comparePairs);
    if (found !== undefined && (sign === 1 ? found.low > 0 : found.high < 0)) continue;
    const text = undecidedText(other, found);
    return [[best, { ...best, cell: { ...best.cell, notes: [...best.cell.notes, notes.add(text)] } }]];
  }
  return [[best, { ...best, cell: { ...best.cell, isBest: true } }]];
}

function undecidedText({ row, column }: DraftCell, found: PairedInterval | undefined): string {
  if (found === undefined) return `undecided: the best ${column.title} has no paired interval against ${row.label}`;
  const [value, low, high] = [found.value, found.low, found.high].map((each) => signedText(each, column.digits));
  return `undecided: ${column.title} less that of ${row.label} is ${value ?? ''} [${low ?? ''}, ${high ?? ''}]`;
}

/** Over what is averaged (the same seeds), or where one task stands against one, over what those were measured on. */
function differenceOf(
  { definition }: WrittenTable,
  [best, other]: readonly [DraftCell, DraftCell],
  comparePairs: ComparePairs,
): PairedInterval | undefined {
  const placeOf = ({ labels }: SourceTask): string => definition.over.map((name) => labels.get(name) ?? '').join();
  const [firsts, seconds] = [best.values.values, other.values.values];
  if (firsts.length > 1 || seconds.length > 1) {
    const places = new Map(seconds.map(({ task, value }) => [placeOf(task), value]));
    return pairedInterval(
      firsts.flatMap(({ task, value }) => {
        const paired = places.get(placeOf(task));
        return paired === undefined ? [] : [value - paired];
      }),
    );
  }
  const [first, second] = [firsts[0]?.task, seconds[0]?.task];
  if (first === undefined || second === undefined || best.column.select !== 'last') return undefined;
  const found = comparePairs(best.column.figure, first, second);
  const factor = factorOf(best.column.unit);
  return found && { value: found.value * factor, low: found.low * factor, high: found.high * factor };
}
