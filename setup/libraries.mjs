import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { statSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fetchWheel, tensorflowFiles } from './fetch-wheel.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * @typedef {import('./choose-library.mjs').Library} Library
 * @typedef {import('./fetch-wheel.mjs').Pins} Pins
 */

/**
 * @param {{ library: Library, pins: Pins, cache: string }} options
 * @returns {{ folder: string, whole: boolean }} where the unpacked libraries belong, and whether they are there
 */
export function findLibraries({ library, pins, cache }) {
  const folder = join(cache, 'libtensorflow', `${pins.libtensorflow}-${library}`);
  return { folder, whole: isWhole(folder) };
}

/**
 * Returns the folder that holds the unpacked libraries, `tensorflow/` and, for CUDA, `nvidia/` beside it as in Python's
 * site-packages, so that the run path inside TensorFlow's libraries finds NVIDIA's. Downloads and unpacks them where
 * they are not there yet.
 *
 * @param {{ library: Library, pins: Pins, cache: string, python: string, say: (text: string) => void }} options
 */
export async function ensureLibraries({ library, pins, cache, python, say }) {
  const { folder } = findLibraries({ library, pins, cache });
  const { python: pythonVersion, platforms, roomBytes } = pins;
  const wheels = { name: 'libtensorflow', files: pins[library], wanted: tensorflowFiles, pythonVersion, platforms };
  return await ensureUnpacked({ folder, wheels: { ...wheels, roomBytes: roomBytes[library] }, python, say });
}

/**
 * Downloads and unpacks wheels into a folder where that is not done yet. Any number of these may run at the same time:
 * each works in a folder of its own, and the first to finish publishes it under its name.
 *
 * @param {{ folder: string, wheels: import('./fetch-wheel.mjs').Wheels, python: string, say: (text: string) => void }} options
 */
export async function ensureUnpacked({ folder, wheels, python, say }) {
  if (isWhole(folder)) return { folder, downloaded: false };
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  dropAbandoned(parent);
  checkRoom(parent, wheels);
  const work = mkdtempSync(join(parent, '.unpacking-'));
  try {
    for (const wheel of wheels.files) await fetchWheel({ wheel, wheels, work, python, say });
    writeFileSync(
      join(work, 'contents.json'),
      JSON.stringify({ wheels: wheels.files, files: librarySizes(work) }, null, 2),
    );
    publish(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { folder, downloaded: true };
}

/**
 * @param {string} parent
 * @param {Pick<import('./fetch-wheel.mjs').Wheels, 'name' | 'roomBytes'>} wheels
 */
function checkRoom(parent, { name, roomBytes: needed }) {
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize >= needed) return;
  const gib = (/** @type {number} */ bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new SetupFailure(
    `unpacking ${name} takes ${gib(needed)}, and ${parent} has ${gib(bavail * bsize)} left`,
    'make room there, or name another folder in FLOW_LIBRARIES, then npm run setup',
  );
}

/**
 * Renames the finished folder into its place; where another process was faster, or an older one is damaged, the name
 * is taken.
 *
 * @param {string} work
 * @param {string} folder
 */
function publish(work, folder) {
  try {
    renameSync(work, folder);
  } catch (error) {
    if (isWhole(folder)) return;
    if (!existsSync(folder)) throw error;
    rmSync(folder, { recursive: true });
    renameSync(work, folder);
  }
}

/**
 * True where the libraries have the sizes written down when they were unpacked (contents.json is written last).
 *
 * @param {string} folder
 */
export function isWhole(folder) {
  if (!existsSync(join(folder, 'contents.json'))) return false;
  /** @type {{ files: Record<string, number> }} */
  const { files } = JSON.parse(readFileSync(join(folder, 'contents.json'), 'utf8'));
  return Object.entries(files).every(
    ([file, bytes]) => statSync(join(folder, file), { throwIfNoEntry: false })?.size === bytes,
  );
}

/** @param {string} folder */
function librarySizes(folder) {
  const names = readdirSync(folder, { recursive: true }).map(String);
  const libraries = names.filter((name) => /\.so(\.[0-9.]+)?$/.test(name)).sort();
  return Object.fromEntries(libraries.map((name) => [name, statSync(join(folder, name)).size]));
}

/**
 * Removes what processes that were killed left behind; a day is longer than any download takes.
 *
 * @param {string} parent
 */
function dropAbandoned(parent) {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (!name.startsWith('.unpacking-')) continue;
    if (Date.now() - statSync(path).mtimeMs > 86_400_000) rmSync(path, { recursive: true, force: true });
  }
}
