import { spawnSync } from 'node:child_process';
import { fail } from '../core/failure.ts';

/** What a command that a stage gives as the `version` of its program prints, run in the workspace. */
export function programVersion(command: string, workspace: string): string {
  const { status, signal, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', command], {
    cwd: workspace,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  // Some programs (java, older python) say their version on standard error.
  const text = stdout.trim() === '' ? stderr.trim() : stdout.trim();
  if (status === 0 && text !== '') return text;
  const outcome = status === 0 ? 'printed nothing' : `ended with ${signal ?? `exit code ${String(status)}`}`;
  return fail({
    code: 'program-version',
    message: `the command \`${command}\` should print the version of a program; it ${outcome}`,
    ...(stderr.trim() === '' ? {} : { hint: stderr.trim().split('\n').slice(-1).join('') }),
  });
}
