import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

// docs/architecture.md: a folder imports itself and what stands before it in its chain.
const kit = ['src/base', 'src/format', 'src/net', 'src/face'];
const engine = ['src/base', 'src/spec', 'src/plan', 'src/cache', 'src/execute', 'src/record', 'src/report'];

/** Imports of each source file, type-only ones included: paths relative to the repository, or names of packages. */
const imports = new Map(sourceFiles().map((file) => [file, importsOf(file)]));

function sourceFiles(): string[] {
  return ['src', 'stages'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, path)),
  );
}

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) =>
    fileName.startsWith('.') ? relative(root, resolve(root, dirname(file), fileName)) : fileName,
  );
}

function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

/** The folders that a file of this folder may import; undefined for folders that may import all. */
function allowedFor(folder: string): readonly string[] | undefined {
  if (folder === 'src/cli') return undefined;
  if (folder.startsWith('stages/')) return [...kit, folder];
  const chains = [kit, engine].filter((chain) => chain.includes(folder));
  return chains.flatMap((chain) => chain.slice(0, chain.indexOf(folder) + 1));
}

test('every folder of src belongs to a chain', () => {
  const folders = new Set([...imports.keys()].filter((file) => file.startsWith('src/')).map(folderOf));
  expect([...folders].filter((folder) => allowedFor(folder)?.length === 0)).toEqual([]);
});

test('a folder imports itself and what stands before it in its chain', () => {
  const upwards = [...imports].flatMap(([file, targets]) => {
    const allowed = allowedFor(folderOf(file));
    const own = targets.filter((target) => target.startsWith('src/') || target.startsWith('stages/'));
    return allowed === undefined
      ? []
      : own.filter((target) => !allowed.includes(folderOf(target))).map((target) => `${file} -> ${target}`);
  });
  expect(upwards).toEqual([]);
});

test('the engine loads no tensor library', () => {
  const tensorLibrary = /^(@tensorflow\/|onnxruntime)/;
  const loading = engine.flatMap((folder) =>
    [...imports].filter(([file, targets]) => folderOf(file) === folder && targets.some((to) => tensorLibrary.test(to))),
  );
  expect(loading.map(([file]) => file)).toEqual([]);
});

test('there are no import cycles', () => {
  expect(cyclesIn(imports)).toEqual([]);
});

/** Each circle once, as the path that leads back to where it began. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const open: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    if (open.includes(file)) cycles.push([...open.slice(open.indexOf(file)), file].join(' -> '));
    if (done.has(file) || open.includes(file)) return;
    open.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    open.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

test('a circle would be found', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['a', 'd']],
    ['d', []],
  ]);
  expect(cyclesIn(graph)).toEqual(['a -> b -> c -> a']);
});
