import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { companionFiles } from '../../src/core/companion-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'faceflow-companions-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const endings = ['-symbol.json', '-*.params', '.prototxt', '.caffemodel'];

it.each([
  ['a-0001.params', ['a-0002.params', 'a-symbol.json']],
  ['a-symbol.json', ['a-0001.params', 'a-0002.params']],
  ['net.caffemodel', ['net.prototxt']],
  ['net.prototxt', ['net.caffemodel']],
  ['a-b-0001.params', []],
  ['other.json', []],
  ['absent-0001.params', []],
])('%s stands for %j too', (name, companions) => {
  const names = ['a-0001.params', 'a-0002.params', 'a-symbol.json', 'a-b-0001.params', 'a-x.params', 'net.prototxt'];
  for (const each of [...names, 'net.caffemodel', 'netXprototxt', 'other.json']) writeFileSync(join(folder, each), '');
  mkdirSync(join(folder, 'net'), { recursive: true });
  expect(companionFiles(join(folder, name), endings)).toEqual(companions.map((each) => join(folder, each)));
});

it('a file in a folder that does not exist has none', () => {
  expect(companionFiles(join(folder, 'nowhere', 'a-0001.params'), endings)).toEqual([]);
});
