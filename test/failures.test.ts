import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { failureKinds } from '../tools/generate/failure-kinds.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const kinds = await failureKinds(root);

describe.each(kinds)('$folder $name', ({ meaning, code, example }) => {
  test('has a code, and a meaning that is a sentence', () => {
    expect(code).toMatch(/^[a-z][a-z0-9-]+$/);
    expect(meaning).toMatch(/^(?:[^a-z]|(?:flow|onnxruntime)\b).*\.$/s);
  });

  test('has a message that goes on after "code: " and a hint of whole sentences', () => {
    expect(example.message).toMatch(/^(?![A-Z][a-z]+ [a-z]).*[^.]$/s);
    if (example.hint !== undefined) expect(example.hint).toMatch(/^(?:[^a-z]|(?:flow|npm|npx|face2rec)\b).*[.?`"]$/s);
  });
});

test('every code is in a test of the real thing, with its text or by itself', () => {
  const folder = join(root, 'test');
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') || path.endsWith('expected.txt'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n');
  const codes = new Set(kinds.map(({ code }) => code));
  expect([...codes].filter((code) => !texts.includes(`${code}: `) && !texts.includes(`'${code}'`))).toEqual([]);
});
