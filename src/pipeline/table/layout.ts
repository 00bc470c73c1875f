import { cellText, headText, publishedText } from './cell-text.ts';
import type { FilledCell, FilledTable } from './filled-table.ts';

/** A text in a table with its notes. */
export interface Piece {
  readonly text: string;
  readonly isBold: boolean;
  /** Places in the list of notes. */
  readonly notes: readonly number[];
  /** The figure that it shows. */
  readonly cell?: FilledCell;
}

/** Rows that stand under one name; empty: under none. */
export interface Band {
  readonly group: string;
  readonly lines: readonly { readonly head: Piece; readonly cells: readonly Piece[] }[];
}

export interface Layout {
  readonly heads: readonly (Piece & { readonly group: string })[];
  readonly bands: readonly Band[];
}

/** A table as cells of text: each figure, and behind it what was published, where a column has such values. */
export function layOut({ columns, rows }: FilledTable): Layout {
  const heads = columns.flatMap((column) => {
    const head = { text: headText(column), isBold: false, notes: column.notes, group: column.group };
    return column.hasPublished ? [head, { ...head, text: 'published', notes: [] }] : [head];
  });
  const bands: { group: string; lines: { head: Piece; cells: Piece[] }[] }[] = [];
  for (const { label, group, notes, cells } of rows) {
    const line = {
      head: { text: label, isBold: false, notes },
      cells: columns.flatMap((column, index): Piece[] => {
        const cell = cells[index];
        if (cell === undefined) throw new Error(`row ${label} has no cell for ${column.id}`);
        const own = { text: cellText(cell, column), isBold: cell.isBest, notes: cell.notes, cell };
        if (!column.hasPublished) return [own];
        return [own, { text: publishedText(cell, column), isBold: false, notes: [] }];
      }),
    };
    const last = bands.at(-1);
    if (last?.group === group) last.lines.push(line);
    else bands.push({ group, lines: [line] });
  }
  return { heads, bands };
}

/** Neighbouring heads of one group: how many columns each spans. */
export function spansOf(heads: Layout['heads']): readonly { readonly group: string; readonly count: number }[] {
  const spans: { group: string; count: number }[] = [];
  for (const { group } of heads) {
    const last = spans.at(-1);
    if (last?.group === group) last.count += 1;
    else spans.push({ group, count: 1 });
  }
  return spans;
}
