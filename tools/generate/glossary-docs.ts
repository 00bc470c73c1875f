import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from './markdown-table.ts';

interface Words {
  readonly terms: readonly {
    readonly section: string;
    readonly terms: readonly { readonly term: string; readonly meaning: string }[];
  }[];
  readonly forbidden: readonly { readonly find: string; readonly instead: string }[];
}

/** docs/glossary.md, out of docs/words.json: the words in use, and those that have a better one. */
export function glossaryDocs(root: string): string {
  const { terms, forbidden } = JSON.parse(readFileSync(join(root, 'docs/words.json'), 'utf8')) as Words;
  return [
    '# Glossary',
    '',
    'Generated from `docs/words.json` by `npm run generate`; not to be edited.',
    '',
    'One word per thing. The code, the messages and the pages use these and no others.',
    '',
    ...terms.flatMap((section) => [
      `## ${section.section}`,
      '',
      ...markdownTable(
        ['word', 'meaning'],
        section.terms.map(({ term, meaning }) => [term, meaning]),
      ),
      '',
    ]),
    '## Words that have a better one',
    '',
    '`npm run check:words` looks for these expressions in comments, messages and documentation.',
    '',
    ...markdownTable(
      ['instead of', 'write'],
      forbidden.map(({ find, instead }) => [`\`${find.replaceAll('\\b', '')}\``, instead]),
    ),
    '',
  ].join('\n');
}
