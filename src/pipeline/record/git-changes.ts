import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../core/failure.ts';
import type { FlowEvent } from '../execute/event.ts';
import { redactIn, secretsOf } from '../execute/redact.ts';
import type { Experiment } from '../experiment/experiment.ts';

/** Records the uncommitted changes of a workspace when the first task starts: what a run computes depends on them. */
export class ChangeRecorder {
  readonly #experiment: Experiment;
  readonly #folder: string;
  /** Resolves with what went wrong. */
  #recording: Promise<string | undefined> | undefined;

  /** @param folder of the run */
  constructor(experiment: Experiment, folder: string) {
    this.#experiment = experiment;
    this.#folder = folder;
  }

  handle(event: FlowEvent): void {
    if (event.type === 'task-started') this.#recording ??= this.#record();
  }

  /** Waits for the end of it. Resolves with what the system refused, in words; undefined if nothing. */
  async close(): Promise<string | undefined> {
    return this.#recording;
  }

  async #record(): Promise<string | undefined> {
    const secrets = this.#experiment.tasks.flatMap(secretsOf);
    try {
      await recordGitDiff(this.#experiment.workspace, this.#folder, (text) => redactIn(text, secrets));
      return undefined;
    } catch (error) {
      if (errorCode(error) === undefined || !(error instanceof Error)) throw error;
      return error.message;
    }
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
    git(workspace, ['diff', 'HEAD', '--no-color', '--no-ext-diff', '--no-textconv']),
    git(workspace, ['ls-files', '-z', '--others', '--exclude-standard', '--directory', '--full-name', ':/']),
  ]);
  const names = untracked.printed.split('\0').filter((name) => name !== '');
  const text = [
    ...names.map((name) => `# not in git: ${/\p{Cc}/u.test(name) ? JSON.stringify(name) : name}\n`),
    patch.printed,
    ...new Set([untracked, patch].flatMap(({ problem }) => (problem === undefined ? [] : [`# ${problem}\n`]))),
  ].join('');
  if (text !== '') writeFileSync(join(runFolder, gitDiffFileName), redact(text));
}

interface GitAnswer {
  /** Cut off if it is very much. */
  readonly printed: string;
  /** What went wrong, in words; undefined if nothing did. */
  readonly problem: string | undefined;
}

/** Asks git of the repository that a folder is in, whatever `GIT_DIR` and its like say, and starts no program for it. */
async function git(folder: string, args: readonly string[]): Promise<GitAnswer> {
  // Loaded when needed: a run that finds everything in the cache starts no process.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const child = spawn('git', ['-C', folder, '-c', 'core.fsmonitor=false', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
    });
    let printed = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (printed.length < maxCharacters) printed += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      errors += part;
    });
    child.on('error', (error) => {
      resolve({ printed: '', problem: `git was not asked: ${error.message}` });
    });
    child.on('close', (code) => {
      const isWhole = printed.length < maxCharacters;
      const ended = code === 0 ? undefined : `git ended with ${String(code)}: ${errors.trim().replaceAll('\n', '; ')}`;
      resolve({
        printed: isWhole ? printed : printed.slice(0, maxCharacters),
        problem: ended ?? (isWhole ? undefined : 'cut off here'),
      });
    });
  });
}
