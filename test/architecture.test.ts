import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { sourceFiles } from '../tools/source-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

// docs/architecture.md. In each of these folders a member imports only members before it, and itself.
const orders: Readonly<Record<string, readonly string[]>> = {
  'src/kit': ['draw', 'codec', 'image', 'dataset', 'inspect', 'net', 'face'],
  'src/pipeline': ['experiment', 'plan', 'cache', 'execute', 'record', 'console', 'table'],
  'src/kit/codec': [
    'protobuf',
    'tfjs',
    'tensorflow',
    'pickle',
    'numpy',
    'insightface',
    'mxnet',
    'caffe',
    'onnx',
    'archive',
    'torch',
    'matlab',
    'megaface',
    'lists',
  ],
  'src/kit/net': [
    'graph',
    'model',
    'passes',
    'backbones',
    'mtcnn',
    'exchange',
    'engines',
    'ranks',
    'backends',
    'sessions',
    'conversion',
    'losses',
    'optimizers',
    'schedules',
    'training',
  ],
  'src/kit/net/graph': ['layers', 'outline'],
};

/** What each chain may import apart from itself; the command and the build tools see everything. */
const chains: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/stage-api': ['src/core'],
  'src/kit': ['src/core'],
  'src/embedding': ['src/core', 'src/kit'],
  'src/service': ['src/core', 'src/kit', 'src/embedding'],
  'src/pipeline': ['src/core', 'src/stage-api'],
  stages: ['src/core', 'src/stage-api', 'src/kit'],
};

/** Imports of each source file, type-only ones included: paths relative to the repository, or names of packages. */
const imports = new Map(sourceFiles(root, ['src', 'stages', 'tools']).map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) =>
    fileName.startsWith('.') ? relative(root, resolve(root, dirname(file), fileName)) : fileName,
  );
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

/** Imports between files of ours. */
function ownImports(): { file: string; target: string }[] {
  return [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => imports.has(target)).map((target) => ({ file, target })),
  );
}

function chainOf(file: string): string | undefined {
  return Object.keys(chains).find((chain) => isWithin(file, chain));
}

test('every source file belongs to a chain, the command or the tools', () => {
  const known = [...Object.keys(chains), 'src/cli', 'tools'];
  expect([...imports.keys()].filter((file) => !known.some((folder) => isWithin(file, folder)))).toEqual([]);
});

test('a chain imports itself and what it stands on', () => {
  const upwards = ownImports().filter(({ file, target }) => {
    const chain = chainOf(file);
    return chain !== undefined && ![chain, ...(chains[chain] ?? [])].some((folder) => isWithin(target, folder));
  });
  expect(upwards).toEqual([]);
});

test('a stage imports no other stage', () => {
  const stageOf = (file: string): string => file.split('/').slice(0, 2).join('/');
  const across = ownImports().filter(
    ({ file, target }) => isWithin(file, 'stages') && isWithin(target, 'stages') && stageOf(file) !== stageOf(target),
  );
  expect(across).toEqual([]);
});

test.each(Object.entries(orders))('the members of %s import only what stands before them', (folder, order) => {
  const memberOf = (file: string): string => file.slice(folder.length + 1).split('/')[0] ?? '';
  const members = new Set([...imports.keys()].filter((file) => isWithin(file, folder)).map(memberOf));
  expect([...members].filter((member) => !member.endsWith('.ts') && !order.includes(member))).toEqual([]);
  const upwards = ownImports().filter(({ file, target }) => {
    if (!isWithin(file, folder) || !isWithin(target, folder)) return false;
    const [from, to] = [order.indexOf(memberOf(file)), order.indexOf(memberOf(target))];
    return from >= 0 && to > from;
  });
  expect(upwards).toEqual([]);
});

test('the pipeline and the choice of an engine load no tensor library', () => {
  const tensorLibrary = /^(@tensorflow\/|onnxruntime)/;
  const loading = [...imports].filter(
    ([file, targets]) =>
      ['src/core', 'src/stage-api', 'src/pipeline', 'src/kit/net/engines'].some((folder) => isWithin(file, folder)) &&
      targets.some((target) => tensorLibrary.test(target)),
  );
  expect(loading.map(([file]) => file)).toEqual([]);
});

test('there are no import cycles between files', () => {
  expect(cyclesIn(imports)).toEqual([]);
});

test('there are no import cycles between folders, at any depth', () => {
  const cycles = [...foldersOf([...imports.keys()])].flatMap((folder) => cyclesIn(membersOf(folder)));
  expect(cycles).toEqual([]);
});

function foldersOf(files: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const file of files) {
    for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return folders;
}

/** The files and folders directly in a folder, each with those of them that it imports. */
function membersOf(folder: string): Map<string, string[]> {
  const memberOf = (file: string): string =>
    file
      .split('/')
      .slice(0, folder.split('/').length + 1)
      .join('/');
  const graph = new Map<string, Set<string>>();
  for (const { file, target } of ownImports()) {
    if (!isWithin(file, folder) || !isWithin(target, folder)) continue;
    const [from, to] = [memberOf(file), memberOf(target)];
    if (from === to) continue;
    graph.set(from, (graph.get(from) ?? new Set()).add(to));
  }
  return new Map([...graph].map(([member, targets]) => [member, [...targets]]));
}

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
