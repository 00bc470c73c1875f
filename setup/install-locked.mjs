import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './npm.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Installs what a lock file names into a folder of its own, without install scripts; does nothing where that is done.
 *
 * @param {object} what
 * @param {string} what.source folder with package.json and package-lock.json
 * @param {string} what.folder
 * @param {string} what.proof the package whose presence tells that it is done
 * @param {Record<string, string | undefined>} environment
 */
export async function installLocked({ source, folder, proof }, environment) {
  const [lock, installed] = [source, folder].map((each) => join(each, 'package-lock.json'));
  const isThere = existsSync(join(folder, 'node_modules', proof, 'package.json'));
  if (isThere && readFileSync(lock ?? '', 'utf8') === readFileSync(installed ?? '', 'utf8')) return;
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(source, file), join(folder, file));
  // Peers are those of the package itself: a second tfjs-core would know no engine.
  const args = ['ci', '--ignore-scripts', '--prefer-offline', '--legacy-peer-deps'];
  const { code, output } = await runNpm(args, { cwd: folder, environment });
  if (code === 0) return;
  throw new SetupFailure(
    `npm could not install ${proof}: ${output.trim().split('\n').at(-1) ?? ''}`,
    'with a network: npm run setup',
  );
}
