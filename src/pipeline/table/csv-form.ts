import type { FilledTable } from './filled-table.ts';
import { csvGrid } from './grid-forms.ts';

const heads = [
  ...['row', 'label', 'group', 'column', 'title', 'unit', 'value', 'deviation', 'low', 'high', 'count'],
  ...['published', 'atLeast', 'difference', 'tier', 'best', 'notes', 'keys'],
];

/** A table for other programs (RFC 4180): one line for each figure, values whole, notes as texts, keys of its results. */
export function csvForm({ columns, rows, notes, results }: FilledTable): string {
  const lines = rows.flatMap((row) =>
    row.cells.map((cell, index) => {
      const column = columns[index];
      const { spread, published } = cell;
      const interval = spread?.kind === 'interval' ? spread : undefined;
      return [
        ...[row.id, row.label, row.group, cell.column, column?.title, column?.unit, cell.value],
        ...[spread?.kind === 'deviation' ? spread.value : null, interval?.low, interval?.high, cell.count],
        ...[published?.value, published === null ? null : published.atLeast, cell.difference, cell.tier, cell.isBest],
        cell.notes.map((note) => notes[note]).join('; '),
        cell.tasks.flatMap((task) => results[task]?.key ?? []).join(' '),
      ];
    }),
  );
  return csvGrid({ heads, rows: lines.map((line) => line.map((each) => String(each ?? ''))) });
}
