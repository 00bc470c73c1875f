import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Brings @tensorflow/tfjs-node-gpu back, as the lock file has it, where npm has removed it: npm before 11.16 does not
 * know `allowScripts`, runs the package's own install script, and drops the optional package when that script fails.
 *
 * @param {string} root folder of this package
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<{ folder: string, broughtBack: boolean }>} the package's folder
 */
export async function ensurePackage(root, environment) {
  const folder = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  if (existsSync(join(folder, 'package.json'))) return { folder, broughtBack: false };
  const npm = environment['npm_execpath'];
  const install = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...install]] : ['npm', install];
  const { output } = await runCommand(command, args, { cwd: root, timeoutMs: 600_000 });
  if (existsSync(join(folder, 'package.json'))) return { folder, broughtBack: true };
  throw new SetupFailure(
    `npm could not install @tensorflow/tfjs-node-gpu: ${output.trim().split('\n').at(-1) ?? ''}`,
    'with a network: npm run setup',
  );
}
