import { cellText, headText, noteMark, publishedText } from './cell-text.ts';
import type { FilledRow, FilledTable } from './filled-table.ts';
import { escapedLatex } from './latex-text.ts';
import { spansOf } from './layout.ts';

/** A table for LaTeX with the package booktabs: what was published stands below each figure, so that it fits a page. */
export function latexForm(table: FilledTable): string {
  const { columns, rows, title, caption, name } = table;
  const groups = spansOf(columns.map((column) => ({ text: '', isBold: false, notes: [], group: column.group })));
  const lines = rows.flatMap((row, index) => [
    ...(row.group === '' || row.group === rows[index - 1]?.group
      ? []
      : [
          ...(index === 0 ? [] : [String.raw`\addlinespace`]),
          String.raw`\multicolumn{${columns.length + 1}}{@{}l}{\textit{${escapedLatex(row.group)}}} \\`,
        ]),
    ...rowLines(row, table),
  ]);
  const heads = columns.map((column) => escapedLatex(headText(column)) + marks(column.notes));
  const tabular = [
    String.raw`\toprule`,
    ...(groups.some(({ group }) => group !== '') ? groupLines(groups) : []),
    `& ${heads.join(' & ')} \\\\`,
    String.raw`\midrule`,
    ...lines,
    String.raw`\bottomrule`,
  ];
  const body = [
    String.raw`\centering`,
    String.raw`\caption{${[title, caption].filter(Boolean).map(escapedLatex).join('. ')}}`,
    String.raw`\label{tab:${name.replaceAll(/[^A-Za-z0-9-]/g, '-')}}`,
    String.raw`\vspace{4pt}`,
    String.raw`\setlength{\tabcolsep}{4pt}`,
    String.raw`\begin{tabular}{@{}l${'r'.repeat(columns.length)}@{}}`,
    ...tabular.map((line) => `  ${line}`),
    String.raw`\end{tabular}`,
    ...belowLines(table),
  ];
  return [
    `% ${name}: written by flow table, not to be edited. In the preamble: \\usepackage{booktabs}`,
    String.raw`\begin{table}`,
    ...body.map((line) => (line === '' ? '' : `  ${line}`)),
    String.raw`\end{table}`,
    '',
  ].join('\n');
}

/** A figure each, and below it in small print what was published. */
function rowLines({ label, notes, cells }: FilledRow, { columns }: FilledTable): string[] {
  const figures = columns.map((column, index) => {
    const cell = cells[index];
    if (cell === undefined) return '';
    const text = escapedLatex(cellText(cell, column));
    return (cell.isBest ? String.raw`\textbf{${text}}` : text) + marks(cell.notes);
  });
  const published = columns.map((column, index) => {
    const cell = cells[index];
    const text = cell === undefined ? '' : publishedText(cell, column);
    return text === '' ? '' : String.raw`{\scriptsize ${escapedLatex(text)}}`;
  });
  return [
    `${escapedLatex(label)}${marks(notes)} & ${figures.join(' & ')} \\\\`,
    ...(published.every((text) => text === '')
      ? []
      : [String.raw`{\scriptsize\quad published} & ${published.join(' & ')} \\`]),
  ];
}

function groupLines(groups: ReturnType<typeof spansOf>): string[] {
  let from = 2;
  const rules: string[] = [];
  const heads = groups.map(({ group, count }) => {
    if (group !== '') rules.push(String.raw`\cmidrule(lr){${from}-${from + count - 1}}`);
    from += count;
    return String.raw`\multicolumn{${count}}{c}{${escapedLatex(group)}}`;
  });
  return [`& ${heads.join(' & ')} \\\\`, rules.join('')];
}

function belowLines({ notes, remarks, source }: FilledTable): string[] {
  const texts = [
    ...notes.map((note, index) => String.raw`\textsuperscript{${noteMark(index)}}\,${escapedLatex(note)}`),
    ...remarks.map(escapedLatex),
    ...(source === null ? [] : [`Published values: ${escapedLatex(source.citation)}`]),
  ];
  if (texts.length === 0) return [];
  return [
    '',
    String.raw`\smallskip`,
    String.raw`\begin{minipage}{\linewidth}\footnotesize\raggedright`,
    ...texts.map((text) => `  ${text}\\par`),
    String.raw`\end{minipage}`,
  ];
}

function marks(notes: readonly number[]): string {
  return notes.length === 0 ? '' : String.raw`\textsuperscript{${notes.map(noteMark).join(',')}}`;
}

/**
 * The numbers of a table for running text: `\ffvalue{loss-table.arcface-exact.accuracy}`, which may stand in captions too. A
 * name that is not there shows as a bold question mark, as an unknown reference does.
 */
export function latexMacros(table: FilledTable): string {
  const { name, columns, rows } = table;
  const values = rows.flatMap(({ id, cells }) =>
    columns.flatMap((column, index) => {
      const cell = cells[index];
      if (cell === undefined) return [];
      const path = `${name}.${id}.${column.id}`;
      const { published } = cell;
      return [
        macro(path, cellText({ ...cell, spread: null }, column)),
        macro(`${path}.full`, cellText(cell, column)),
        ...(published === null ? [] : [macro(`${path}.published`, String(published.value))]),
      ];
    }),
  );
  return [
    `% ${name}: written by flow table --latex-macros, not to be edited.`,
    String.raw`\providecommand{\ffvalue}[1]{\ifcsname ffvalue@#1\endcsname\csname ffvalue@#1\endcsname\else\textbf{??}\fi}`,
    ...values,
    '',
  ].join('\n');
}

function macro(path: string, text: string): string {
  return String.raw`\expandafter\def\csname ffvalue@${path}\endcsname{${escapedLatex(text)}}`;
}
