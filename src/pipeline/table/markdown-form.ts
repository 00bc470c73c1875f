import { noteMark } from './cell-text.ts';
import type { FilledTable } from './filled-table.ts';
import { markdownLines } from './grid-forms.ts';
import { layOut, type Piece } from './layout.ts';
import { escapedMarkdown, escapedMarkdownLine, markdownLink } from './markdown-text.ts';

/** A table in the Markdown of GitHub (GFM), its columns as wide as their widest cell: what formatters leave alone. */
export function markdownForm(table: FilledTable): string {
  const { heads, bands } = layOut(table);
  const lines = markdownLines({
    heads: [
      '',
      ...heads.map((head) => (head.group === '' ? '' : `${escapedMarkdown(head.group)}: `) + pieceText(head)),
    ],
    rows: bands.flatMap(({ group, lines: own }) => [
      ...(group === '' ? [] : [[`**${escapedMarkdown(group)}**`, ...heads.map(() => '')]]),
      ...own.map(({ head, cells }) => [pieceText(head), ...cells.map(pieceText)]),
    ]),
    numeric: [false, ...heads.map(() => true)],
  });
  const below = [
    ...(table.caption === '' ? [] : [escapedMarkdownLine(table.caption)]),
    ...table.notes.map((note, index) => `<sup>${noteMark(index)}</sup> ${escapedMarkdown(note)}`),
    ...table.remarks.map(escapedMarkdownLine),
    ...(table.source === null ? [] : [sourceText(table.source)]),
  ];
  return [`**${escapedMarkdown(table.title)}**`, '', ...lines, '', below.join('<br>\n'), ''].join('\n');
}

function pieceText({ text, isBold, notes }: Piece): string {
  const marks = notes.length === 0 ? '' : `<sup>${notes.map(noteMark).join(', ')}</sup>`;
  const shown = escapedMarkdown(text);
  return (isBold ? `**${shown}**` : shown) + marks;
}

function sourceText({ citation, url }: { readonly citation: string; readonly url: string }): string {
  return `Published values: ${url === '' ? escapedMarkdown(citation) : markdownLink(citation, url)}`;
}
