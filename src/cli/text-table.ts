import { padText } from '../pipeline/console/terminal-text.ts';

/** Rows in columns, as wide as their widest cell; the last column is not padded. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : padText(cell, widths[column] ?? 0))))
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
}
