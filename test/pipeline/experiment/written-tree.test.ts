import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  parseYaml,
  reading,
  readTree,
  writeTree,
  type WrittenTree,
} from '../../../src/pipeline/experiment/parse-yaml.ts';
import { Problems, SourceText } from '../../../src/pipeline/experiment/problems.ts';

const pipelines = join(import.meta.dirname, '../../../pipelines');
const files = readdirSync(pipelines).filter((name) => name.endsWith('.yaml'));

test.each(files)('the kept tree of %s is what its text was read as, places included', (name) => {
  const source = new SourceText(name, readFileSync(join(pipelines, name), 'utf8'));
  const read = parseYaml(source, new Problems());
  if (read === undefined) throw new Error('nothing was read');
  const kept = JSON.parse(JSON.stringify(writeTree(read))) as WrittenTree;
  expect(readTree(kept, source)).toEqual(read);
});

test('keys keep their order, whatever they look like', () => {
  const source = new SourceText('a.yaml', 'b: 1\n10: 2\n2: [~, true, 1.5, "", -3]\n__proto__: { a: 1 }\n');
  const read = parseYaml(source, new Problems());
  if (read === undefined) throw new Error('nothing was read');
  const again = readTree(JSON.parse(JSON.stringify(writeTree(read))) as WrittenTree, source);
  expect(again).toEqual(read);
  expect(again.type === 'map' && [...again.entries.keys()]).toEqual(['b', '10', '2', '__proto__']);
});

test('a tree with a mistake in it is not kept', () => {
  const read = parseYaml(new SourceText('a.yaml', 'a: [.inf]'), new Problems());
  expect(read && writeTree(read)).toBeUndefined();
});

test('kept trees are named after the library that read them', () => {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  expect(reading).toMatch(`yaml ${dependencies['yaml'] ?? ''}, `);
});
