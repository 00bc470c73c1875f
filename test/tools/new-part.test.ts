import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planPart } from '../../tools/new/plan-part.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const parts = [
  ['loss', 'wide-margin'],
  ['layer', 'shuffle'],
  ['backbone', 'tiny-net'],
  ['stage', 'copy-file'],
  ['format', 'word-list'],
  ['command', 'where-am-i'],
] as const;

/** A copy of the sources in which each part has been made. */
let copy: string;
const written = new Set<string>();

async function problemOf(kind: string, name: string): Promise<string> {
  const planned = await planPart(copy, kind, name);
  return 'problem' in planned ? planned.problem : '';
}

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'new-part-'));
  for (const path of ['src', 'stages', 'tools', 'test', 'package.json', 'tsconfig.json', '.prettierrc.json']) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const [kind, name] of parts) {
    const planned = await planPart(copy, kind, name);
    if ('problem' in planned) throw new Error(planned.problem);
    for (const [path, content] of planned.files) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), content);
      written.add(path);
    }
  }
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

test('a part of each kind compiles, with everything that lists all parts of its kind', { timeout: 300_000 }, () => {
  const tests = [...written].filter((path) => path.startsWith('test/'));
  const config = { extends: './tsconfig.json', include: ['src', 'stages', ...tests] };
  writeFileSync(join(copy, 'tsconfig.parts.json'), JSON.stringify(config));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.parts.json'], {
    cwd: copy,
    encoding: 'utf8',
  });
  expect([stdout, status]).toEqual(['', 0]);
});

test('a part is registered by one line and its import, where its kind has it', () => {
  const linesOf = (folder: string, path: string): string[] => readFileSync(join(folder, path), 'utf8').split('\n');
  const added = (path: string): string[] => {
    const before = new Set(linesOf(root, path));
    return linesOf(copy, path).filter((line) => !before.has(line));
  };
  expect(added('src/kit/net/losses/index.ts')).toEqual([
    "import { wideMargin } from './wide-margin.ts';",
    "  'wide-margin': wideMargin,",
  ]);
  expect(added('src/kit/net/graph/layers/index.ts')).toEqual(["import { shuffle } from './shuffle.ts';", '  shuffle,']);
  const kinds = linesOf(copy, 'src/kit/net/graph/layers/index.ts');
  expect(kinds[kinds.indexOf('  shuffle,') + 1]).toBe('  slice,');
  expect(added('src/kit/net/backbones/index.ts')).toEqual([
    "import { tinyNet } from './tiny-net.ts';",
    "  'tiny-net': tinyNet,",
  ]);
  expect(added('src/kit/codec/index.ts')).toEqual(["import { wordList } from './lists/word-list.ts';", '  wordList,']);
  expect(added('src/cli/main.ts')).toHaveLength(1);
});

test.each([
  ...parts,
  ['loss', 'arcface'],
  ['layer', 'fully-connected'],
  ['backbone', 'r50'],
  ['stage', 'train'],
  ['format', 'pair-protocol'],
  ['command', 'index'],
  // Not a part, but a name that the file of the registry has.
  ['loss', 'losses'],
  ['layer', 'scalar'],
] as const)('a %s named %s is refused: the name is taken', async (kind, name) => {
  expect(await problemOf(kind, name)).toContain(`"${name}" is taken: `);
});

test.each(['Wide', 'wide_margin', 'wide margin', '-wide', 'wide-', '2d', '../wide', '', 'switch', 'default'])(
  'the name "%s" is refused',
  async (name) => {
    expect(await problemOf('loss', name)).toContain(`"${name}" is not a name for a loss: `);
  },
);

test('a kind without a template is refused, with those that have one', async () => {
  expect(await problemOf('picture', 'new')).toBe(
    'there is no template for "picture", only for loss, layer, backbone, stage, format, command',
  );
  expect(await problemOf('constructor', 'new')).toContain('there is no template for "constructor"');
});
