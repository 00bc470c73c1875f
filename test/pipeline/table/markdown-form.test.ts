import { format } from 'prettier';
import * as markdown from 'prettier/plugins/markdown';
import { expect, it } from 'vitest';
import { csvForm } from '../../../src/pipeline/table/csv-form.ts';
import { markdownForm } from '../../../src/pipeline/table/markdown-form.ts';
import { sampleTable } from './sample-table.ts';

interface MarkdownNode {
  readonly type: string;
  readonly value?: string;
  readonly url?: string;
  readonly children?: readonly MarkdownNode[];
}

/** What a reader of Markdown (remark, within prettier) makes of a text. */
async function parsed(text: string): Promise<MarkdownNode> {
  // The types of the plugin say nothing of what parsers give.
  const plugin: object = markdown;
  const { parsers } = plugin as {
    readonly parsers: { markdown: { parse: (text: string, options: object) => MarkdownNode | Promise<MarkdownNode> } };
  };
  return await parsers.markdown.parse(text, { originalText: text });
}

function find(node: MarkdownNode, type: string): MarkdownNode[] {
  return [...(node.type === type ? [node] : []), ...(node.children ?? []).flatMap((child) => find(child, type))];
}

function textOf(node: MarkdownNode): string {
  return (node.value ?? '') + (node.children ?? []).map(textOf).join('');
}

it('is one table whose cells hold what the figures are, whatever signs are in them', async () => {
  const tree = await parsed(markdownForm(sampleTable));
  const [table, ...others] = find(tree, 'table');
  expect(others).toEqual([]);
  const rows = (table === undefined ? [] : find(table, 'tableRow')).map((row) => find(row, 'tableCell').map(textOf));
  expect(rows).toEqual([
    ['', 'Verification: LFW (%)<sup>a</sup>', 'Verification: published', 'Verification: CFP_FP (%)', 'loss'],
    ['One margin', '', '', '', ''],
    [
      'ArcFace, s = 64 | m = 0.5',
      '99.83 [99.70, 99.95]',
      '99.8+ (+0.03, reproduced)',
      '94.0 ± 0.2<sup>b</sup>',
      '0.000',
    ],
    ['No margin', '', '', '', ''],
    ['softmax_1 <script><sup>c</sup>', '99.28', '99.4 (−0.12, differs, below)', '–<sup>d</sup>', '1.250'],
  ]);
  expect(find(tree, 'strong').map(textOf)).toEqual([
    'Margins | 100 % & more_or_less <b>',
    'One margin',
    '99.83 [99.70, 99.95]',
    'No margin',
  ]);
  expect(find(tree, 'link').map(({ url }) => url)).toEqual(['https://example.org/a_(b)']);
  expect(find(tree, 'html').map(({ value }) => value)).not.toContain('<script>');
  expect(find(tree, 'emphasis')).toEqual([]);
});

it.each([
  '# heading',
  '- item',
  '+ item',
  '* item',
  '1. item',
  '2) item',
  '> quotation',
  '===',
  '---',
  '~~~',
  '```',
  '[x]: https://example.org',
  '~~struck~~ ~struck~',
])('a caption, a footnote or a remark %j is text', async (text) => {
  const marked = { ...sampleTable, caption: text, notes: [text], remarks: ['Before.', text], source: null };
  const tree = await parsed(markdownForm(marked));
  const kinds = tree.children?.map(({ type }) => type);
  expect(kinds).toEqual(['paragraph', 'table', 'paragraph']);
  expect(textOf(tree.children?.[2] ?? tree).split(text)).toHaveLength(4);
});

it('a link keeps a citation and an address with brackets', async () => {
  const source = { citation: 'Deng [2018, a] b] (c)', url: 'https://example.org/a)b (c' };
  const [link, ...others] = find(await parsed(markdownForm({ ...sampleTable, source })), 'link');
  expect(others).toEqual([]);
  expect(link?.url).toBe('https://example.org/a)b%20(c');
  expect(link === undefined ? '' : textOf(link)).toBe(source.citation);
});

it('is left alone by formatters, so that a README with its block passes their check', async () => {
  const plain = { ...sampleTable, title: 'Margins', caption: 'Plain.', source: null };
  const text = markdownForm(plain);
  expect(await format(text, { parser: 'markdown', printWidth: 120 })).toBe(text);
});

it('CSV has a line for each figure, with whole values, notes and keys', () => {
  const lines = csvForm(sampleTable).split('\r\n');
  expect(lines).toHaveLength(1 + 6 + 1);
  expect(lines[1]).toBe(
    `arcface,"ArcFace, s = 64 | m = 0.5",One margin,lfw,LFW,%,99.8333,,99.7,99.95,1,99.8,true,0.0333,reproduced,true,,${'0123456789abcdef'.repeat(4)}`,
  );
  expect(lines[2]).toContain(',94.04,0.21,,,3,');
});
