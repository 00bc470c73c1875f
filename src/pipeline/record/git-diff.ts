import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What differs from the commit that `run.json` names: in the folder of a run, where anything does. */
export const gitDiffFileName = 'git.diff';

/** Characters of a change that are kept: more is no change to a program any more. */
const mostCharacters = 10 << 20;

/**
 * Writes down what in the repository of a workspace differs from the commit that is checked out: tracked files as a
 * patch, others by name. `conceal` takes secrets out of it. Takes as long as git does, beside the run.
 */
export async function recordGitDiff(
  workspace: string,
  runFolder: string,
  conceal: (text: string) => string,
): Promise<void> {
  const [patch, untracked] = await Promise.all([
    git(workspace, ['diff', 'HEAD', '--no-color', '--no-ext-diff']),
    git(workspace, ['ls-files', '--others', '--exclude-standard', '--directory', '--full-name', ':/']),
  ]);
  const names = untracked.split('\n').filter((name) => name !== '');
  const text = [...names.map((name) => `# not in git: ${name}\n`), patch].join('');
  if (text !== '') writeFileSync(join(runFolder, gitDiffFileName), conceal(text));
}

/** What git prints, cut off where it is very much; a line saying so where git cannot be asked. */
function git(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('git', ['-C', folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (text.length < mostCharacters) text += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      complaint += part;
    });
    child.on('error', (error) => {
      resolve(`# git was not asked: ${error.message}\n`);
    });
    child.on('close', (code) => {
      if (code !== 0) resolve(`# git ended with ${String(code)}: ${complaint.trim()}\n`);
      else resolve(text.length < mostCharacters ? text : `${text.slice(0, mostCharacters)}\n# cut off here\n`);
    });
  });
}
