import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { copyInto } from './copy-into.mjs';
import { recordFolder } from './engine-record.mjs';
import { runNpm } from './npm.mjs';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * SQLite for the Node that runs. better-sqlite3 13 ships its binaries and is a package like any other, but crashes on
 * Node 20, where npm leaves it out because of its `engines`; 12 crashes on Node 24. So Node 20 gets 12 in a folder of its
 * own, where src/core/sqlite.ts finds it; its binary is downloaded or compiled once and then kept for all checkouts.
 */

/** The first Node that better-sqlite3 13 runs on; src/core/sqlite.ts has the same rule. */
const firstNodeOfMain = 22;

export function needsOldSqlite() {
  return Number(process.versions.node.split('.')[0]) < firstNodeOfMain;
}

/**
 * Makes sure that the SQLite of this Node is there and works.
 *
 * @param {string} root folder of this package
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<{ version: string, origin: 'package' | 'made' | 'kept' }>}
 */
export async function ensureSqlite(root, environment) {
  if (!needsOldSqlite()) return { version: await provenVersion(join(root, 'node_modules')), origin: 'package' };
  const folder = join(recordFolder(root), 'sqlite-for-node-20');
  const modules = join(folder, 'node_modules');
  await installOld(root, folder, environment);
  const binary = join(modules, 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node');
  const kept = keptBinary(join(modules, 'better-sqlite3'), environment);
  if (existsSync(kept)) {
    copyInto(kept, binary);
    // Made on another system that shares this home, perhaps.
    const version = await provenVersion(modules).catch(() => undefined);
    if (version !== undefined) return { version, origin: 'kept' };
  }
  const { code, output } = await runNpm(['rebuild', 'better-sqlite3'], { cwd: folder, environment });
  if (code !== 0 || !existsSync(binary)) {
    const problem = output.split('\n').find((line) => /\berror\b|not found/i.test(line));
    throw new SetupFailure(
      `SQLite (better-sqlite3) did not compile: ${problem?.trim() ?? output.trim().split('\n').at(-1) ?? ''}`,
      'install a C++ compiler, make and Python 3 (Debian, Ubuntu: apt install g++ make python3), or use Node.js 22 or 24, which need none; then npm ci',
    );
  }
  const version = await provenVersion(modules);
  copyInto(binary, kept);
  return { version, origin: 'made' };
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {Record<string, string | undefined>} environment
 */
async function installOld(root, folder, environment) {
  const source = join(root, 'setup', 'sqlite-for-node-20');
  if (existsSync(join(folder, 'node_modules', 'better-sqlite3', 'package.json')) && sameLock(source, folder)) return;
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(source, file), join(folder, file));
  const { code, output } = await runNpm(['ci', '--ignore-scripts', '--prefer-offline'], { cwd: folder, environment });
  if (code === 0) return;
  throw new SetupFailure(
    `npm could not install better-sqlite3: ${output.trim().split('\n').at(-1) ?? ''}`,
    'with a network: npm ci',
  );
}

/**
 * @param {string} source
 * @param {string} folder
 */
function sameLock(source, folder) {
  const [ours, installed] = [source, folder].map((each) => readFileSync(join(each, 'package-lock.json'), 'utf8'));
  return ours === installed;
}

/**
 * Where the binary is kept, named by everything it depends on.
 *
 * @param {string} packageFolder of better-sqlite3
 * @param {Record<string, string | undefined>} environment
 */
function keptBinary(packageFolder, environment) {
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  const library = report.header.glibcVersionRuntime === undefined ? '' : '-glibc';
  const name = `${version}-node${process.versions.modules}-${process.platform}-${process.arch}${library}.node`;
  return join(cacheFolder(environment), 'better-sqlite3', name);
}

/**
 * Opens a database in a process of its own, which a library of another Node would end.
 *
 * @param {string} modules the folder that better-sqlite3 is in
 */
async function provenVersion(modules) {
  const script = `
    const Database = require(${JSON.stringify(join(modules, 'better-sqlite3'))});
    console.log('SQLite ' + new Database(':memory:').prepare('select sqlite_version()').pluck().get());`;
  const { code, output } = await runCommand(process.execPath, ['-e', script]);
  const version = /^SQLite (\S+)$/m.exec(output)?.[1];
  if (code === 0 && version !== undefined) return version;
  const problem = output.split('\n').find((line) => /error/i.test(line)) ?? `it ended with ${String(code)}`;
  throw new SetupFailure(
    `SQLite (better-sqlite3) does not load: ${problem.trim()}`,
    'remove node_modules, then npm ci',
  );
}
