import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failures, warnings } from '../../src/pipeline/experiment/failures.ts';
import { failureSites } from './failure-sites.ts';

/** docs/errors.md: the catalogue of failures, those of an experiment file each with a printed example from its test. */
export function errorDocs(root: string): string {
  return [
    '# Failures',
    '',
    'Generated from the sources by `npm run generate`; not to be edited.',
    '',
    'A failure has a code, a sentence, a place and often a hint. Codes are stable: scripts may rely on them',
    '(`--json` prints them). Exit codes: 0 done, 1 a task failed, 2 the experiment or the call is wrong, 3 a defect of',
    'faceflow, 130 interrupted.',
    '',
    '## In an experiment',
    '',
    'All mistakes are shown at once, each at the place its value came from.',
    '',
    ...meaningsOf(failures).flatMap(([code, meaning]) => [`### ${code}`, '', meaning, '', ...example(root, code)]),
    '## Warnings of `flow check`',
    '',
    ...table(['code', 'meaning'], meaningsOf(warnings)),
    '',
    '## Everywhere else',
    '',
    'What is filled in stands as `...`.',
    '',
    ...table(['code', 'says', 'from'], elsewhere(root)),
    '',
  ].join('\n');
}

/** Each code with the meaning of its first kind. */
function meaningsOf(
  catalogue: Readonly<Record<string, { code: string; kind: { meaning: string } }>>,
): [string, string][] {
  const meanings = new Map<string, string>();
  for (const { code, kind } of Object.values(catalogue)) if (!meanings.has(code)) meanings.set(code, kind.meaning);
  return [...meanings];
}

/** What test/spec compares the printed text with, where a case has the name of the code. */
function example(root: string, code: string): string[] {
  const path = join(root, 'test/pipeline/experiment/fixtures', code, 'expected.txt');
  if (!existsSync(path)) return [];
  const [first = ''] = readFileSync(path, 'utf8').split('\n\n');
  return ['```text', first.trimEnd(), '```', ''];
}

function elsewhere(root: string): string[][] {
  const sites = failureSites(root).filter(({ file }) => !file.startsWith('src/pipeline/experiment/'));
  const known = new Set([...meaningsOf(failures), ...meaningsOf(warnings)].map(([code]) => code));
  const codes = [...new Set(sites.map(({ code }) => code))].filter((code) => !known.has(code)).sort();
  return codes.map((code) => {
    const own = sites.filter((site) => site.code === code);
    const folders = [...new Set(own.map(({ file }) => file.split('/').slice(0, 2).join('/')))];
    return [code, own[0]?.message ?? '', folders.join(', ')];
  });
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)];
}
