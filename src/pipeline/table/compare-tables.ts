import { fail } from '../../core/failure.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import { compareKeys, type Reason } from '../plan/compare-keys.ts';
import { cellText, headText } from './cell-text.ts';
import { failures } from './failures.ts';
import type { FilledCell, FilledTable, TableResult } from './filled-table.ts';

/** A cell that is not what it was. */
export interface MovedCell {
  readonly row: string;
  readonly column: string;
  /** As shown, and whole; null: no value. */
  readonly old: string;
  readonly now: string;
  readonly oldValue: number | null;
  readonly nowValue: number | null;
  readonly tolerance: number;
  /** What has changed in the tasks that it was made of: `train: loss.margin 0.5 -> 0.4 (arcface.yaml:14)`. */
  readonly causes: readonly string[];
}

/** The task of a result as the experiment has it now, by its name in the table; undefined of recorded runs. */
export type TaskOfResult = (name: string) => TaskSpec | undefined;

/**
 * Cells whose values have moved by more than the tolerance of their column, or have come or gone, each with its causes: what
 * differs in the keys of all tasks it was made of, as `flow why` tells it, from those that the old table holds.
 */
export function movedCells(old: FilledTable, now: FilledTable, taskOf: TaskOfResult): readonly MovedCell[] {
  const moved: MovedCell[] = [];
  const rows = new Map([...old.rows, ...now.rows].map((row) => [row.id, row]));
  const columns = new Map([...old.columns, ...now.columns].map((column) => [column.id, column]));
  for (const [rowId, { label }] of rows) {
    for (const [columnId, column] of columns) {
      const [before, after] = [cellOf(old, rowId, columnId), cellOf(now, rowId, columnId)];
      if (!hasMoved(before, after, column.tolerance)) continue;
      const text = (cell: FilledCell | undefined): string =>
        cell === undefined ? 'no such cell' : cell.missing === '' ? cellText(cell, column) : `none (${cell.missing})`;
      moved.push({
        row: label,
        column: headText(column),
        old: text(before),
        now: text(after),
        oldValue: before?.value ?? null,
        nowValue: after?.value ?? null,
        tolerance: column.tolerance,
        // The cell itself tells why it has no value.
        causes:
          before === undefined || after === undefined || after.value === null
            ? []
            : causesOf(after, { old, now, taskOf }),
      });
    }
  }
  return moved;
}

function cellOf(table: FilledTable, row: string, column: string): FilledCell | undefined {
  return table.rows.find(({ id }) => id === row)?.cells.find((cell) => cell.column === column);
}

/** Relative: what sums lose, far below any tolerance that means something. */
const rounding = 1e-9;

function hasMoved(before: FilledCell | undefined, after: FilledCell | undefined, tolerance: number): boolean {
  if (before === undefined || after === undefined) return before !== after;
  const [one, other] = [before.value, after.value];
  if (one === null || other === null) return one !== other;
  return !(Math.abs(one - other) <= tolerance + rounding * Math.abs(one));
}

interface Compared {
  readonly old: FilledTable;
  readonly now: FilledTable;
  readonly taskOf: TaskOfResult;
}

function causesOf({ tasks }: FilledCell, compared: Compared): readonly string[] {
  const { old, now } = compared;
  const names = [...new Set(tasks.flatMap((name) => [...(now.results[name]?.upstream ?? []), name]))];
  const differences = names.flatMap((name): Difference[] => {
    const [before, after] = [old.results[name], now.results[name]];
    if (after === undefined) return [];
    if (before === undefined) return [{ name, reasons: [], text: `${name}: not in the old table` }];
    return differenceOf(name, { before, after }, compared);
  });
  // What is read from another task that differs itself is no cause of its own.
  const own = differences.filter(({ reasons, text }) => text !== '' || reasons.some(({ code }) => code !== 'input'));
  const shown = own.length > 0 ? own : differences.slice(0, 1);
  const causes = shown.flatMap(({ name, reasons, text }) =>
    text !== ''
      ? [text]
      : reasons.filter(({ code }) => own.length === 0 || code !== 'input').map((reason) => `${name}: ${reason.text}`),
  );
  return causes.length > 0 ? causes : ['the same results as before: the table itself has changed'];
}

interface Difference {
  readonly name: string;
  readonly reasons: readonly Reason[];
  /** In place of reasons. */
  readonly text: string;
}

function differenceOf(
  name: string,
  { before, after }: { readonly before: TableResult; readonly after: TableResult },
  { taskOf }: Compared,
): Difference[] {
  if (before.key === after.key) {
    const isSame = JSON.stringify(before.outputs) === JSON.stringify(after.outputs);
    return isSame
      ? []
      : [{ name, reasons: [], text: `${name}: another result under the same key (is it reproducible?)` }];
  }
  const task = taskOf(name);
  if (task === undefined || before.document === null || after.document === null) {
    return [{ name, reasons: [], text: `${name}: another result, of which no more is known` }];
  }
  return [{ name, reasons: compareKeys(before.document, after.document, task), text: '' }];
}

/** The table in a file that was written before. Fails with `stored-table-invalid`. */
export function parseStoredTable(text: string, file: string): FilledTable {
  const invalid = (found: string): never => fail(failures.storedTableInvalid({ found }, { file }));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid('no JSON');
  }
  const table = (typeof value === 'object' && value !== null ? value : {}) as Partial<FilledTable>;
  if (table.format !== 'faceflow-table') return invalid('another kind of file');
  if (Number(table.version) !== 1) return invalid(`version ${String(table.version)}, where 1 is known`);
  return table as FilledTable;
}
