import { padText, textWidth } from './terminal-text.ts';

/** Rows as lines: cells in columns two spaces apart, each as wide as its widest cell is on a terminal. */
export function textTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, textWidth(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
