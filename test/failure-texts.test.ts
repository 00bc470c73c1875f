import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failureSites } from '../src/cli/generate/failure-sites.ts';
import { specCodes, warningCodes } from '../src/spec/failure-codes.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * Codes of files and stages whose printed text no test compares yet; their tests compare code or message alone. The list
 * only gets shorter: a code in it that is shown has to leave it, and a new code cannot enter.
 */
const unshown: readonly string[] = [
  'bad-target',
  'conversion-differs',
  'conversion-ended',
  'conversion-shows-nothing',
  'damaged-manifest',
  'engine-cannot-load',
  'engine-incomplete',
  'engine-not-installed',
  'file-too-large',
  'missing-part',
  'negative-variance',
  'no-graph',
  'normalization-not-taken',
  'onnx-not-loaded',
  'unknown-archive',
  'unsafe-archive',
  'unsupported-input',
  'unsupported-tensor',
];

/** A failure is printed as `code: sentence`, so a test that compares what is printed holds that. */
function isShown(code: string, texts: string): boolean {
  return new RegExp(`(^|[^\\w-])${code}: \\S`, 'm').test(texts);
}

function codes(): string[] {
  const inExperiments = new Set<string>([...Object.keys(specCodes), ...Object.keys(warningCodes)]);
  const all = new Set(failureSites(root).map(({ code }) => code));
  return [...all].filter((code) => !inExperiments.has(code)).sort();
}

function testTexts(): string {
  const folder = join(root, 'test');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n');
}

test('every code of docs/errors.md, but for those listed here, is in a test that compares what is printed', () => {
  const texts = testTexts();
  expect(codes().filter((code) => !isShown(code, texts))).toEqual(unshown);
});
