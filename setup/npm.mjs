import { runCommand } from './run-command.mjs';
import { headersFolder } from './node-headers.mjs';

/**
 * Runs the npm that runs set-up, or the one on the PATH, without a shell.
 *
 * @param {readonly string[]} args
 * @param {{ cwd: string, environment: Record<string, string | undefined> }} options
 */
export function runNpm(args, { cwd, environment }) {
  const npm = environment['npm_execpath'];
  const quiet = [...args, '--no-audit', '--no-fund'];
  const [command, words] = npm?.endsWith('.js') ? [process.execPath, [npm, ...quiet]] : ['npm', quiet];
  const headers = headersFolder();
  const env = headers === undefined ? {} : { npm_config_nodedir: headers };
  return runCommand(command, words, { cwd, env, timeoutMs: 900_000 });
}
