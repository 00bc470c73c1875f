import { throwIfAny, type Failure } from '../../core/failure.ts';
import { markBest, type ComparePairs } from './best-rows.ts';
import { cellValues, meanValue, missingText, spreadOf } from './cell-value.ts';
import { epsilonOf, plainLine, type PublishedValue, type WrittenTable } from './definition.ts';
import { Notes, type DraftCell } from './draft-cell.ts';
import type { ExpandedTable, TableColumn, TableRow } from './expand-rows.ts';
import { failures } from './failures.ts';
import type { FilledCell, FilledColumn, FilledTable, Spread, TableResult, Tier } from './filled-table.ts';
import { remarksOf } from './remarks.ts';
import { isUnmeasuredRate } from './unmeasured-rate.ts';

export interface FillOptions {
  /** Of a profile whose figures mean nothing. */
  readonly isSmoke: boolean;
  readonly comparePairs: ComparePairs;
}

/** Fills in each cell of a table: its value, what is behind it, how it compares with what was published, and whether it is the best. */
export function fillTable(table: WrittenTable, { rows, columns }: ExpandedTable, options: FillOptions): FilledTable {
  const notes = new Notes();
  // Letters in the order in which a reader meets them: heads first.
  for (const { footnotes } of columns) notes.addAll(footnotes);
  const drafts = rows.map((row) => columns.map((column) => draftCell(table, { row, column }, { ...options, notes })));
  throwIfAny(unknownFigures(table, drafts.flat()));
  const marked = options.isSmoke ? drafts : markBest(table, drafts, { ...options, notes });
  const { definition, name } = table;
  const filledColumns = columns.map((column, index) => filledColumn(column, { drafts: marked, index, notes }));
  const filledRows = marked.map((cells, index) => {
    const { id = '', label = '', group = '', footnotes = [] } = rows[index] ?? {};
    return { id, label, group, notes: notes.addAll(footnotes), cells: cells.map(({ cell }) => cell) };
  });
  return {
    format: 'faceflow-table',
    version: 1,
    name,
    title: plainLine(definition.title) || name,
    caption: plainLine(definition.caption),
    isSmoke: options.isSmoke,
    columns: filledColumns,
    rows: filledRows,
    notes: notes.texts,
    remarks: remarksOf(table, marked.flat(), options.isSmoke).map(plainLine),
    source:
      definition.published === undefined
        ? null
        : { citation: plainLine(definition.published.citation), url: definition.published.url },
    results: resultsOf(marked.flat()),
  };
}

function draftCell(
  table: WrittenTable,
  { row, column }: { readonly row: TableRow; readonly column: TableColumn },
  { isSmoke, notes }: FillOptions & { readonly notes: Notes },
): DraftCell {
  const values = cellValues(table, row, column);
  const value = meanValue(values);
  const spread = spreadOf(values, column);
  const published = publishedOf(row.published[column.id]);
  const lacking = missingText(values, column);
  const difference = value === null || published === null ? null : value - published.value;
  const tier = tierOf({ value, spread, published, epsilon: epsilonOf(column), isSmoke });
  const [found, wanted] = [values.values.length, values.tasks.length];
  const isPartial = found > 0 && found < wanted;
  const cell: FilledCell = {
    column: column.id,
    ...{ value, spread, count: found, published, difference, tier, isBest: false },
    notes: lacking === '' ? [] : [notes.add(isPartial ? `${found} of ${wanted}: ${lacking}` : lacking)],
    missing: value === null ? lacking : '',
    tasks: values.tasks.map(({ name }) => name),
  };
  return { row, column, values, cell };
}

function publishedOf(written: number | PublishedValue | undefined): FilledCell['published'] {
  if (written === undefined) return null;
  return typeof written === 'number' ? { value: written, atLeast: false } : written;
}

/** Two deviations hold a repetition 19 times of 20. */
const deviations = 2;

/** Rounding of a double must not decide. */
const rounding = 1e-9;

/** A better figure than the published one is no reproduction of it, unless that is a lower bound. */
export function tierOf({
  value,
  spread,
  published,
  epsilon,
  isSmoke,
}: Pick<FilledCell, 'value' | 'spread' | 'published'> & {
  readonly epsilon: number;
  readonly isSmoke: boolean;
}): Tier | null {
  if (value === null) return 'not run';
  if (isSmoke) return 'smoke';
  if (published === null) return null;
  const difference = value - published.value;
  if (Math.abs(difference) <= epsilon + rounding || (published.atLeast && difference > 0)) return 'reproduced';
  return isWithin(published.value, value, spread) ? 'within spread' : 'differs';
}

function isWithin(published: number, value: number, spread: Spread | null): boolean {
  if (spread === null) return false;
  if (spread.kind === 'interval') return spread.low <= published && published <= spread.high;
  return Math.abs(published - value) <= deviations * spread.value;
}

/** Columns whose figure no task with a result has: typing errors, unless the record that has its curves is elsewhere. */
function unknownFigures({ locate }: WrittenTable, drafts: readonly DraftCell[]): Failure[] {
  const columns = [...new Set(drafts.map(({ column }) => column))];
  return columns.flatMap((column) => {
    const own = drafts.filter((draft) => draft.column === column);
    const results = own.flatMap(({ values }) => values.tasks.flatMap(({ result }) => result ?? []));
    const isUnsure = results.length === 0 || results.some(({ curves }) => curves === undefined);
    if (isUnsure || own.some(({ cell }) => cell.value !== null)) return [];
    const known = new Set(
      results.flatMap(({ figures, curves = [] }) => [...figures, ...curves].map(({ name }) => name)),
    );
    // Only the step is not there, or the rate is too small for these pairs.
    if (known.has(column.figure) || isUnmeasuredRate(column.figure, [...known])) return [];
    const facts = { figure: column.figure, stage: column.of, known: [...known] };
    return [failures.unknownTableFigure(facts, locate(`${column.pointer}/figure`))];
  });
}

function filledColumn(
  { id, title, unit, digits, direction, group, tolerance, footnotes }: TableColumn,
  {
    drafts,
    index,
    notes,
  }: { readonly drafts: readonly (readonly DraftCell[])[]; readonly index: number; readonly notes: Notes },
): FilledColumn {
  return {
    ...{ id, title, unit, digits, direction, group },
    tolerance: tolerance ?? 0.5 * 10 ** -digits,
    notes: notes.addAll(footnotes),
    hasPublished: drafts.some((cells) => cells[index]?.cell.published !== null),
  };
}

/** The results of all tasks that are shown, and of those they were made of. */
function resultsOf(drafts: readonly DraftCell[]): FilledTable['results'] {
  const results = new Map<string, TableResult>();
  for (const { row, values } of drafts) {
    const byName = new Map(row.source.tasks.map((task) => [task.name, task]));
    const names = values.tasks.flatMap(({ name, upstream }) => [name, ...upstream]);
    for (const name of names) {
      const task = byName.get(name);
      if (task?.result === undefined || results.has(name)) continue;
      const { key, run, outputs, document } = task.result;
      results.set(name, { key, run, outputs, document: document ?? null, upstream: task.upstream });
    }
  }
  return Object.fromEntries([...results].sort(([one], [other]) => (one < other ? -1 : 1)));
}
