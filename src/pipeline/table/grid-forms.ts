import { padText, textWidth } from '../../core/text/terminal-text.ts';
import { escapedLatex } from './latex-text.ts';
import { escapedMarkdown } from './markdown-text.ts';

/** A plain table of texts: heads, and rows of as many cells. */
export interface Grid {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether each column holds numbers, which stand to the right. */
  readonly numeric: readonly boolean[];
}

/** Lines of a table in Markdown, each column as wide as its widest cell; cells are Markdown already. */
export function markdownLines({ heads, rows, numeric }: Grid): readonly string[] {
  const widths = heads.map((_, column) =>
    Math.max(3, ...[heads, ...rows].map((line) => textWidth(line[column] ?? ''))),
  );
  const rule = widths.map((width, column) =>
    numeric[column] === true ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [heads, rule, ...rows].map((line) => {
    const padded = line.map((cell, column) => {
      const width = widths[column] ?? 0;
      return numeric[column] === true ? ' '.repeat(Math.max(0, width - textWidth(cell))) + cell : padText(cell, width);
    });
    return `| ${padded.join(' | ')} |`;
  });
}

/** A plain table in Markdown. */
export function markdownGrid({ heads, rows, numeric }: Grid): string {
  const escape = (line: readonly string[]): readonly string[] => line.map(escapedMarkdown);
  return `${markdownLines({ heads: escape(heads), rows: rows.map(escape), numeric }).join('\n')}\n`;
}

/** A plain table in LaTeX with the package booktabs. */
export function latexGrid({ heads, rows, numeric }: Grid): string {
  const line = (cells: readonly string[]): string => `  ${cells.map(escapedLatex).join(' & ')} \\\\`;
  return [
    String.raw`\begin{tabular}{@{}${numeric.map((each) => (each ? 'r' : 'l')).join('')}@{}}`,
    String.raw`  \toprule`,
    line(heads),
    String.raw`  \midrule`,
    ...rows.map(line),
    String.raw`  \bottomrule`,
    String.raw`\end{tabular}`,
    '',
  ].join('\n');
}

/** A plain table as comma-separated values (RFC 4180). */
export function csvGrid({ heads, rows }: Pick<Grid, 'heads' | 'rows'>): string {
  return [heads, ...rows].map((line) => `${line.map(quoted).join(',')}\r\n`).join('');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
