import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderFailures } from '../../src/core/text/failure-frame.ts';
import { failureKinds, type KnownFailure } from './failure-kinds.ts';

const experimentFolder = 'src/pipeline/experiment';

/** docs/errors.md: every code with what it means and how it is printed, out of the catalogues. */
export async function errorDocs(root: string): Promise<string> {
  const kinds = await failureKinds(root);
  const ofExperiments = kinds.filter(({ folder }) => folder === experimentFolder);
  const others = kinds.filter(({ folder }) => folder !== experimentFolder);
  return [
    '# Failures',
    '',
    'Generated from the catalogues (`failures.ts` of each folder) by `npm run generate`; not to be edited.',
    '',
    'A failure has a code, a sentence, a place and often a hint. Codes are stable: scripts may rely on them',
    '(`--json` prints them). Exit codes: 0 done, 1 a task failed, 2 the experiment or the call is wrong, 3 a defect of',
    'faceflow, 130 interrupted. Names and numbers in the examples are imagined.',
    '',
    '## In an experiment',
    '',
    'All mistakes are shown at once, each at the place its value came from.',
    '',
    ...codesOf(ofExperiments).flatMap((code) => sectionOf(root, code, ofExperiments)),
    '## Everywhere else',
    '',
    ...codesOf(others)
      .sort()
      .flatMap((code) => sectionOf(root, code, others)),
  ].join('\n');
}

function codesOf(kinds: readonly KnownFailure[]): string[] {
  return [...new Set(kinds.map(({ code }) => code))];
}

function sectionOf(root: string, code: string, all: readonly KnownFailure[]): string[] {
  const kinds = all.filter((kind) => kind.code === code);
  return [`### ${code}`, '', ...kinds.flatMap((kind) => [sourceOf(kind), '', ...example(root, kind)])];
}

function sourceOf({ meaning, folder }: KnownFailure): string {
  return folder === experimentFolder ? meaning : `${meaning} (${folder})`;
}

/** What a test compares the printed text of a real case with, if there is one; the imagined case of the catalogue otherwise. */
function example(root: string, kind: KnownFailure): string[] {
  const path = join(root, 'test/pipeline/experiment/fixtures', kind.code, 'expected.txt');
  const isReal = kind.folder === experimentFolder && existsSync(path);
  const text = isReal
    ? (readFileSync(path, 'utf8').split('\n\n')[0] ?? '')
    : renderFailures([kind.example], { colour: false });
  return ['```text', text.trimEnd(), '```', ''];
}
