import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linksLeadingOut, listTree, surveyTree, treeDigest } from '../../../src/pipeline/cache/file-tree.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tree-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const digest = (path = ''): Promise<string> => treeDigest(listTree(join(folder, path)));

describe('the digest of a file', () => {
  it.each([0, 3, (1 << 20) + 1, 9_000_000])('is the SHA-256 of its %d bytes', async (bytes) => {
    const content = Buffer.alloc(bytes, 'faces');
    write('a', content);
    expect(await digest('a')).toBe(createHash('sha256').update(content).digest('hex'));
  });
});

describe('the digest of a folder', () => {
  it('is made of a text of sorted lines that anybody can write down', async () => {
    write('tree/b', 'B');
    write('tree/a/x', '');
    mkdirSync(join(folder, 'tree/empty'));
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    const text = `faceflow-tree 1\nempty "empty"\nfile ${sha('')} 0 "a/x"\nfile ${sha('B')} 1 "b"\n`;
    expect(await digest('tree')).toBe(sha(text));
  });

  it('does not depend on times, nor on whether files are reached through links', async () => {
    write('real/a', 'content');
    write('linked/other', 'content');
    const before = await digest('real');
    utimesSync(join(folder, 'real/a'), 1, 1);
    symlinkSync(join(folder, 'linked/other'), join(folder, 'linked/a'));
    rmSync(join(folder, 'linked/a'));
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(folder, 'real/a'), join(folder, 'links/a'));
    expect(await digest('real')).toBe(before);
    expect(await digest('links')).toBe(before);
  });

  it('differs whenever names, contents or empty folders differ', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'a b', 'ä', 'x"y');
    const trees = fc.dictionary(name, fc.constantFrom('', '1', '2', '12'), { maxKeys: 4 });
    const seen = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(trees, async (files) => {
        rmSync(join(folder, 'tree'), { recursive: true, force: true });
        mkdirSync(join(folder, 'tree'));
        for (const [path, content] of Object.entries(files)) write(join('tree', path), content);
        const canonical = JSON.stringify(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
        const found = await digest('tree');
        expect(seen.get(found) ?? canonical).toBe(canonical);
        seen.set(found, canonical);
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(new Set(seen.values()).size).toBe(seen.size);
  });

  it('is refused where a link leads back to a folder above', () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    symlinkSync(join(folder, 'a'), join(folder, 'a/b/back'));
    expect(() => listTree(join(folder, 'a'))).toThrow('leads back to a folder above it');
  });

  it('is refused where there is nothing', () => {
    expect(() => listTree(join(folder, 'nothing'))).toThrow(`cannot read ${folder}/nothing: it does not exist`);
  });
});

describe('the signature of a tree', () => {
  it('changes when a file is replaced by one of the same size and time', () => {
    write('tree/a', 'one');
    utimesSync(join(folder, 'tree/a'), 1, 1);
    const before = surveyTree(join(folder, 'tree')).signature;
    write('tree/new', 'two');
    rmSync(join(folder, 'tree/a'));
    write('tree/a', 'two');
    rmSync(join(folder, 'tree/new'));
    utimesSync(join(folder, 'tree/a'), 1, 1);
    expect(surveyTree(join(folder, 'tree')).signature).not.toBe(before);
  });
});

describe('links that lead out of a folder', () => {
  it('are found wherever they are, and links that stay are not', () => {
    write('out/a', 'x');
    write('outside', 'x');
    symlinkSync('a', join(folder, 'out/stays'));
    mkdirSync(join(folder, 'out/deep'));
    symlinkSync('../../outside', join(folder, 'out/deep/leaves'));
    symlinkSync('nowhere', join(folder, 'out/broken'));
    const found = linksLeadingOut(join(folder, 'out'), join(folder, 'out'));
    expect(found.sort()).toEqual([join(folder, 'out/broken'), join(folder, 'out/deep/leaves')]);
  });
});
