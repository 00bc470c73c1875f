import type { Paint } from '../../core/text/paint.ts';
import { textTable } from '../../core/text/text-table.ts';
import { noteMark } from '../../pipeline/table/cell-text.ts';
import type { MovedCell } from '../../pipeline/table/compare-tables.ts';
import type { FilledTable } from '../../pipeline/table/filled-table.ts';
import { layOut, type Piece } from '../../pipeline/table/layout.ts';

/** A table for a terminal: the best in bold, notes as letters. */
export function tableText(table: FilledTable, paint: Paint): readonly string[] {
  const { heads, bands } = layOut(table);
  const rows = bands.flatMap(({ group, lines }) => [
    ...(group === '' ? [] : [[paint.dim(group)]]),
    ...lines.map(({ head, cells }) => [head, ...cells].map((piece) => pieceText(piece, paint))),
  ]);
  const [first = '', ...others] = textTable([['', ...heads.map((head) => pieceText(head, paint))], ...rows]);
  const notes = table.notes.map((note, index) => `${noteMark(index)} ${note}`);
  const source = table.source === null ? [] : [`Published values: ${table.source.citation}`];
  return [paint.bold(table.title), first, ...others, ...[...notes, ...table.remarks, ...source].map(paint.dim)];
}

function pieceText({ text, isBold, notes }: Piece, paint: Paint): string {
  const marks = notes.length === 0 ? '' : ` ${notes.map(noteMark).join(',')}`;
  return (isBold ? paint.bold(text) : text) + marks;
}

/** What `--check` has found: each moved cell with both values, the tolerance and the causes. */
export function movedText(moved: readonly MovedCell[], { name, rows, columns }: FilledTable): readonly string[] {
  const count = rows.length * columns.length;
  return [
    `${name}: ${moved.length} of ${count} cells ${moved.length === 1 ? 'has' : 'have'} moved`,
    ...moved.flatMap(({ row, column, old, now, tolerance, causes }) => [
      `  ${row}, ${column}: ${old} -> ${now} (tolerance ${String(Number(tolerance.toPrecision(6)))})`,
      ...causes.map((cause) => `    ${cause}`),
    ]),
  ];
}
