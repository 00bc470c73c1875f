import { statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readIfThere } from '../../core/process-facts.ts';
import type { FlowEvent } from '../execute/event.ts';
import { redactIn, secretsOf } from '../execute/redact.ts';
import type { Experiment } from '../experiment/experiment.ts';

/**
 * The commit that is checked out in the repository that a folder is in; null outside of repositories. Reads the files of git
 * (gitrepository-layout(5)) instead of starting it, which costs a run that has nothing to do more than everything else.
 */
export function gitCommit(folder: string): string | null {
  const repository = findRepository(folder);
  if (repository === undefined) return null;
  const head = readIfThere(join(repository, 'HEAD'));
  const reference = /^ref: (.+)$/.exec(head)?.[1];
  if (reference === undefined) return asCommit(head);
  // A work tree of its own shares its references with the main repository.
  const common = resolve(repository, readIfThere(join(repository, 'commondir')) || '.');
  return asCommit(readIfThere(join(common, reference))) ?? packedCommit(common, reference);
}

function findRepository(folder: string): string | undefined {
  for (let each = resolve(folder); ; each = dirname(each)) {
    const candidate = join(each, '.git');
    const stat = statSync(candidate, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) return candidate;
    if (stat?.isFile() === true) return resolve(each, readIfThere(candidate).replace(/^gitdir: /, ''));
    if (each === dirname(each)) return undefined;
  }
}

function packedCommit(repository: string, reference: string): string | null {
  const line = readIfThere(join(repository, 'packed-refs'))
    .split('\n')
    .find((each) => each.endsWith(` ${reference}`));
  return line === undefined ? null : asCommit(line.split(' ')[0] ?? '');
}

function asCommit(text: string): string | null {
  return /^[0-9a-f]{40,64}$/.test(text) ? text : null;
}

/** Records the uncommitted changes of a workspace when the first task starts: what a run computes depends on them. */
export class ChangeRecorder {
  readonly #experiment: Experiment;
  readonly #folder: string;
  #recording: Promise<void> | undefined;

  /** @param folder of the run */
  constructor(experiment: Experiment, folder: string) {
    this.#experiment = experiment;
    this.#folder = folder;
  }

  handle(event: FlowEvent): void {
    if (event.type === 'task-started') this.#recording ??= this.#record();
  }

  async close(): Promise<void> {
    await this.#recording;
  }

  async #record(): Promise<void> {
    const secrets = this.#experiment.tasks.flatMap(secretsOf);
    await recordGitDiff(this.#experiment.workspace, this.#folder, (text) => redactIn(text, secrets));
  }
}

/** In the folder of a run: what differs from the commit that `run.json` names; absent if nothing does. */
export const gitDiffFileName = 'git.diff';

/** Characters of a change that are kept: a longer one is not an edit of a program. */
const maxCharacters = 10 << 20;

/**
 * Writes down what in the repository of a workspace differs from the commit that is checked out: tracked files as a
 * patch, others by name. `redact` takes secrets out of it. Takes as long as git does, beside the run.
 */
async function recordGitDiff(workspace: string, runFolder: string, redact: (text: string) => string): Promise<void> {
  const [patch, untracked] = await Promise.all([
    git(workspace, ['diff', 'HEAD', '--no-color', '--no-ext-diff']),
    git(workspace, ['ls-files', '--others', '--exclude-standard', '--directory', '--full-name', ':/']),
  ]);
  const names = untracked.split('\n').filter((name) => name !== '');
  const text = [...names.map((name) => `# not in git: ${name}\n`), patch].join('');
  if (text !== '') writeFileSync(join(runFolder, gitDiffFileName), redact(text));
}

/** What git prints, cut off if it is very much; a line with the error if it fails. */
async function git(folder: string, args: readonly string[]): Promise<string> {
  // Loaded when needed: a run that finds everything in the cache starts no process.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const child = spawn('git', ['-C', folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (text.length < maxCharacters) text += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      errors += part;
    });
    child.on('error', (error) => {
      resolve(`# git was not asked: ${error.message}\n`);
    });
    child.on('close', (code) => {
      if (code !== 0) resolve(`# git ended with ${String(code)}: ${errors.trim()}\n`);
      else resolve(text.length < maxCharacters ? text : `${text.slice(0, maxCharacters)}\n# cut off here\n`);
    });
  });
}
