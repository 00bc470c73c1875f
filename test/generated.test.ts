import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  committedStageDigests,
  generatedFiles,
  generatedKitSchema,
  stageDigestsPath,
  type GeneratedFile,
} from '../tools/generate/generated-files.ts';
import { forgottenVersions, type StageDigests } from '../tools/generate/stage-digests.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function isStale({ path, content }: GeneratedFile): boolean {
  return readFileSync(join(root, path), 'utf8') !== content;
}

test('what is generated is fresh (npm run generate)', async () => {
  const files = [await generatedKitSchema(root), ...(await generatedFiles(root))];
  expect(files.filter(isStale).map(({ path }) => path)).toEqual([]);
});

test('no stage changed its code without a new version (or npm run generate -- --same-version)', async () => {
  const digests = (await generatedFiles(root)).find(({ path }) => path === stageDigestsPath);
  const now = JSON.parse(digests?.content ?? '{}') as StageDigests;
  expect(forgottenVersions(committedStageDigests(root), now)).toEqual([]);
});

test('a changed digest is forgiven only with a new version', () => {
  const before = { a: { version: 1, digest: 'x' }, b: { version: 1, digest: 'x' }, c: { version: 1, digest: 'x' } };
  const now = { a: { version: 1, digest: 'y' }, b: { version: 2, digest: 'y' }, c: { version: 1, digest: 'x' } };
  expect(forgottenVersions(before, now)).toEqual(['a']);
});
