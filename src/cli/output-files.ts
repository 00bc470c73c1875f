import { closeSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorCode, fail } from '../core/failure.ts';
import { failures } from './failures.ts';

/** A file that a command is to write. */
export interface OutputFile {
  /** Names it: `--npy`. */
  readonly option: string;
  /** Absolute. */
  readonly path: string;
}

/**
 * Tries outputs before anything is computed for them. Fails with `wrong-option` for one whose folder is not there or takes no
 * files, for a folder or a device, for one that is an input, and for two that are the same file.
 * @param inputs absolute paths of files that are read, there or not
 */
export function requireOutputs(outputs: readonly OutputFile[], inputs: readonly string[]): void {
  const taken = new Map(inputs.map((path) => [identityOfInput(path), 'one of the images']));
  for (const { option, path } of outputs) {
    const refuse = (expected: string, found = path): never => fail(failures.wrongOption({ option, expected, found }));
    if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true) {
      refuse('a file in a folder that exists');
    }
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) refuse('a file, or nothing yet');
    const identity = identityOf(path);
    const other = taken.get(identity);
    if (other !== undefined) refuse('a file of its own', `${path}, which is ${other}`);
    taken.set(identity, `also ${option}`);
    const problem = writingProblem(path);
    if (problem !== undefined) refuse('a file that can be written', `${path} (${problem})`);
  }
}

/**
 * Tries whether a folder can be made, or written where it is there, before anything is computed for it; nothing is made. Fails with
 * `wrong-option`.
 */
export function requireFolderPlace(option: string, path: string): void {
  let nearest = path;
  while (statSync(nearest, { throwIfNoEntry: false }) === undefined) nearest = dirname(nearest);
  const problem = statSync(nearest).isDirectory() ? writingProblem(join(nearest, 'folder')) : 'a file';
  if (problem === undefined) return;
  fail(
    failures.wrongOption({ option, expected: 'one that can be written', found: `${path} (${nearest}: ${problem})` }),
  );
}

/** One that cannot be looked at is told of when it is read, and is no output. */
function identityOfInput(path: string): string {
  try {
    return identityOf(path);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return path;
  }
}

/** Equal for two names of a file. */
function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) return `${stat.dev}:${stat.ino}`;
  const folder = dirname(path);
  const isThere = statSync(folder, { throwIfNoEntry: false }) !== undefined;
  return isThere ? join(realpathSync(folder), basename(path)) : path;
}

/** Rights say too little: of /proc even the superuser has them. Files are written beside their place and moved there. */
function writingProblem(path: string): string | undefined {
  const trial = `${path}.${process.pid}.trial`;
  try {
    closeSync(openSync(trial, 'wx'));
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return code;
  }
  rmSync(trial);
  return undefined;
}
