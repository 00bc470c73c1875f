import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { copyInto } from './copy-into.mjs';
import { headersFolder } from './node-headers.mjs';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Makes the package's deps/ point at the unpacked libraries, under the names that its binding.gyp links and its run
 * path looks for. `nvidia` is beside `lib` because TensorFlow's own run path is $ORIGIN/../nvidia/<part>/lib.
 * Links that are right already are left alone: another process may be loading through them.
 *
 * @param {string} packageFolder of tfjs-node-gpu
 * @param {string} libraries as ensureLibraries returns it
 */
export function linkLibraries(packageFolder, libraries) {
  const deps = join(packageFolder, 'deps');
  const links = linksTo(libraries);
  if (Object.entries(links).every(([link, target]) => pointsTo(join(deps, link), target))) return;
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, 'lib'), { recursive: true });
  for (const [link, target] of Object.entries(links)) symlinkSync(target, join(deps, link));
}

/**
 * @param {string} libraries
 * @returns {Record<string, string>} target by link, relative to deps/
 */
function linksTo(libraries) {
  const cc = join(libraries, 'tensorflow', 'libtensorflow_cc.so.2');
  const framework = join(libraries, 'tensorflow', 'libtensorflow_framework.so.2');
  return {
    'lib/libtensorflow.so': cc,
    'lib/libtensorflow_cc.so.2': cc,
    'lib/libtensorflow_framework.so': framework,
    'lib/libtensorflow_framework.so.2': framework,
    include: join(libraries, 'tensorflow', 'include'),
    ...(existsSync(join(libraries, 'nvidia')) ? { nvidia: join(libraries, 'nvidia') } : {}),
  };
}

/**
 * @param {string} link
 * @param {string} target
 */
function pointsTo(link, target) {
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}

/** @param {string} packageFolder */
export function bindingFile(packageFolder) {
  return join(packageFolder, 'lib', `napi-v${napiVersion(packageFolder)}`, 'tfjs_binding.node');
}

/**
 * Puts the compiled binding in its place: from the cache where this very source was compiled before, else by the
 * package's own recipe (node-pre-gyp and its binding.gyp).
 *
 * @param {{ packageFolder: string, libraries: string, log: string, fresh: boolean }} options `fresh` passes over the
 *   cache; `log` is the file that takes the compiler's output
 */
export async function ensureBinding({ packageFolder, libraries, log, fresh }) {
  const target = bindingFile(packageFolder);
  const kept = keptBinding(packageFolder, libraries);
  mkdirSync(dirname(target), { recursive: true });
  if (!fresh && existsSync(kept)) {
    copyInto(kept, target);
    return { compiled: false };
  }
  await compile(packageFolder, log);
  if (!existsSync(target)) throw new Error(`node-pre-gyp succeeded without making ${target}`);
  mkdirSync(dirname(kept), { recursive: true });
  copyInto(target, kept);
  return { compiled: true };
}

/**
 * Where the compiled binding is kept, whether it is there or not.
 *
 * @param {string} packageFolder
 * @param {string} libraries
 */
export function keptBinding(packageFolder, libraries) {
  return join(libraries, 'bindings', `${sourceDigest(packageFolder)}.node`);
}

/**
 * @param {string} packageFolder
 * @param {string} log
 */
async function compile(packageFolder, log) {
  const require = createRequire(join(packageFolder, 'package.json'));
  const preGyp = join(dirname(require.resolve('@mapbox/node-pre-gyp/package.json')), 'bin', 'node-pre-gyp');
  const headers = headersFolder();
  const args = [preGyp, 'install', '--build-from-source', ...(headers === undefined ? [] : [`--nodedir=${headers}`])];
  const { code, output } = await runCommand(process.execPath, args, { cwd: packageFolder, timeoutMs: 900_000 });
  writeFileSync(log, output);
  for (const rest of ['build', `build-tmp-napi-v${napiVersion(packageFolder)}`]) {
    rmSync(join(packageFolder, rest), { recursive: true, force: true });
  }
  if (code === 0) return;
  const error = output.split('\n').find((line) => /\berror\b|ERR! (?!not ok)/i.test(line));
  throw new SetupFailure(
    `the binding of TensorFlow did not compile: ${error?.trim() ?? 'see the log'}`,
    `the whole output is in ${log}; when it is fixed: npm run setup`,
  );
}

/**
 * The newest version of Node-API that both the package and this Node have, as node-pre-gyp chooses it.
 *
 * @param {string} packageFolder
 */
function napiVersion(packageFolder) {
  /** @type {{ binary: { napi_versions: number[] } }} */
  const { binary } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const ours = Number(process.versions['napi']);
  return Math.max(...binary.napi_versions.filter((version) => version <= ours));
}

/**
 * Names a compiled binding by everything it was made of: sources, recipe, Node-API and C library.
 *
 * @param {string} packageFolder
 */
function sourceDigest(packageFolder) {
  const sources = readdirSync(join(packageFolder, 'binding')).sort();
  const hash = createHash('sha256');
  for (const file of ['binding.gyp', ...sources.map((name) => join('binding', name))]) {
    hash.update(`${file}\n`).update(readFileSync(join(packageFolder, file)));
  }
  return `napi${String(napiVersion(packageFolder))}-${hash.digest('hex').slice(0, 16)}`;
}
