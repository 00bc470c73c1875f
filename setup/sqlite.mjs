import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { copyInto } from './copy-into.mjs';
import { recordFolder } from './engine-record.mjs';
import { installLocked } from './install-locked.mjs';
import { runNpm } from './npm.mjs';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * SQLite for the Node that runs. better-sqlite3 13 ships its binaries, and crashes on Node 20; 12 has to be compiled,
 * and crashes on Node 24. One lock file cannot hold both without npm downloading both and, depending on its version,
 * compiling both. So each has a package.json and a lock file of its own in setup/sqlite, and set-up installs the one
 * that fits, without install scripts, into a folder where src/core/sqlite.ts looks for it.
 */

/** @typedef {'node-20' | 'node-22'} Line folder in setup/sqlite */

/** @returns {Line} */
function sqliteLine() {
  return Number(process.versions.node.split('.')[0]) < 22 ? 'node-20' : 'node-22';
}

/**
 * Makes sure that the SQLite of this Node is there and works.
 *
 * @param {string} root folder of this package
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<{ version: string, origin: 'shipped' | 'made' | 'kept' }>}
 */
export async function ensureSqlite(root, environment) {
  const line = sqliteLine();
  const folder = join(recordFolder(root), `sqlite-${line}`);
  await installLocked({ source: join(root, 'setup', 'sqlite', line), folder, proof: 'better-sqlite3' }, environment);
  const packageFolder = join(folder, 'node_modules', 'better-sqlite3');
  if (line === 'node-22') return { version: await provenVersion(packageFolder), origin: 'shipped' };
  const binary = join(packageFolder, 'build', 'Release', 'better_sqlite3.node');
  const kept = keptBinary(packageFolder, environment);
  if (existsSync(kept)) {
    copyInto(kept, binary);
    // Made on another system that shares this home, perhaps.
    const version = await provenVersion(packageFolder).catch(() => undefined);
    if (version !== undefined) return { version, origin: 'kept' };
  }
  await makeBinary(folder, environment);
  const version = await provenVersion(packageFolder);
  copyInto(binary, kept);
  return { version, origin: 'made' };
}

/**
 * Downloads or compiles it, as the package's own install script does.
 *
 * @param {string} folder
 * @param {Record<string, string | undefined>} environment
 */
async function makeBinary(folder, environment) {
  const { code, output } = await runNpm(['rebuild', 'better-sqlite3'], { cwd: folder, environment });
  if (code === 0) return;
  const problem = output.split('\n').find((line) => /\berror\b|not found/i.test(line));
  throw new SetupFailure(
    `SQLite (better-sqlite3) did not compile: ${problem?.trim() ?? output.trim().split('\n').at(-1) ?? ''}`,
    'install a C++ compiler, make and Python 3 (Debian, Ubuntu: apt install g++ make python3), or use Node.js 22 or 24, which need none; then npm ci',
  );
}

/**
 * Where the binary is kept for all checkouts, named by everything it depends on.
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
 * Opens a database in a process of its own, which a binary for another Node would end.
 *
 * @param {string} packageFolder of better-sqlite3
 */
async function provenVersion(packageFolder) {
  const script = `
    const Database = require(${JSON.stringify(packageFolder)});
    console.log('SQLite ' + new Database(':memory:').prepare('select sqlite_version()').pluck().get());`;
  const { code, output } = await runCommand(process.execPath, ['-e', script]);
  const version = /^SQLite (\S+)$/m.exec(output)?.[1];
  if (code === 0 && version !== undefined) return version;
  const problem = output.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? `it ended with ${String(code)}`;
  throw new SetupFailure(
    `SQLite (better-sqlite3) does not load: ${problem.trim()}`,
    'remove node_modules, then npm ci',
  );
}
