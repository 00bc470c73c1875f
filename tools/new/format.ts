import type { Names, Part } from './part.ts';

/** Text: a header with the number of entries, and a line for each. */
export function newFormat({ kebab, camel, pascal, words }: Names): Part {
  return {
    files: {
      [`src/kit/codec/lists/${kebab}.ts`]: `
import type { Codec } from '../codec.ts';
import { filledLines } from '../text-lines.ts';

/*
 * Text:
 *
 *   ${kebab} n     the number of entries
 *   entry         n lines
 */
export interface ${pascal} {
  readonly entries: readonly string[];
}

export const ${camel}: Codec<${pascal}> = {
  name: '${kebab}',
  title: '${words}',
  summary: 'Entries, a line for each, after a header with their number.',
  endings: ['.${kebab}'],
  sniff: (head) => /^${kebab} \\d{1,9}\\r?\\n/.test(Buffer.from(head).toString('latin1')),
  decode(cursor) {
    const [header, ...lines] = filledLines(cursor);
    const count = /^${kebab} (\\d{1,9})$/.exec(header?.text ?? '')?.[1];
    if (count === undefined) return cursor.damaged('it does not start with "${kebab}" and the number of entries', 0);
    if (lines.length !== Number(count)) {
      return cursor.damaged(\`it should have \${count} entries, found \${lines.length}\`, 0);
    }
    return { entries: lines.map(({ text }) => text) };
  },
  describe: (cursor) => ({ facts: [{ name: 'entries', value: ${camel}.decode(cursor).entries.length }] }),
  encode: ({ entries }) => Buffer.from([\`${kebab} \${entries.length}\`, ...entries, ''].join('\\n')),
};
`,
    },
    registrations: [
      {
        path: 'src/kit/codec/index.ts',
        literal: 'codecs',
        entry: camel,
        place: { before: 'prototxt' },
        from: `import { ${camel} } from './lists/${kebab}.ts';`,
      },
      {
        path: 'test/kit/codec/conformance.test.ts',
        literal: 'golden',
        entry: `${camel}: text('tiny.${kebab}', '${kebab} 2\\nalpha\\nb\\n')`,
        place: { before: 'prototxt' },
      },
    ],
    left: [
      'the folder: src/kit/codec/<group>, with the formats of the same program',
      'files that another program wrote, in test/kit/codec/golden instead of the text in test/kit/codec/conformance.test.ts, which tries damage of every kind on them',
      'its place in src/kit/codec/index.ts, the more telling signs first: the same test fails where another format knows its files first',
      'docs/formats: the layout, and where it is described',
    ],
  };
}
