import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail, type Failure } from '../../core/failure.ts';
import { externalInputsOf } from '../plan/key-document.ts';
import type { Experiment, PathBinding } from '../experiment/experiment.ts';

/** Contents of the inputs that come from outside, by experiment and by path as written there: `flow.lock`. */
interface InputLock {
  readonly format: 'faceflow-lock';
  readonly version: 1;
  readonly experiments: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The lock file of the folder an experiment lies in; it holds one section per experiment. */
export function lockFileOf(experiment: Experiment): string {
  return join(dirname(experiment.file), 'flow.lock');
}

/** Every file and folder an experiment reads that no task of it gives; each once. */
export function externalInputs(experiment: Experiment): PathBinding[] {
  const found = new Map<string, PathBinding>();
  for (const { binding } of experiment.tasks.flatMap(externalInputsOf)) {
    if (!found.has(binding.written)) found.set(binding.written, binding);
  }
  return [...found.values()];
}

/** Writes the section of an experiment, and leaves those of others alone. */
export function writeLock(experiment: Experiment, digests: Readonly<Record<string, string>>): void {
  const file = lockFileOf(experiment);
  const before = existsSync(file) ? readLock(file) : undefined;
  const sections = Object.entries({ ...before?.experiments, [experiment.name]: sorted(digests) });
  const lock: InputLock = { format: 'faceflow-lock', version: 1, experiments: sorted(Object.fromEntries(sections)) };
  writeFileAtomic(file, `${JSON.stringify(lock, null, 2)}\n`);
}

/** Every input that is not what the lock says, or is not in it. */
export function lockViolations(experiment: Experiment, digests: Readonly<Record<string, string>>): Failure[] {
  const file = lockFileOf(experiment);
  const locked = existsSync(file) ? readLock(file).experiments[experiment.name] : undefined;
  if (locked === undefined) {
    const message = `expected a lock for experiment "${experiment.name}", found none`;
    return [{ code: 'no-lock', message, at: { file }, hint: `flow lock FILE writes it` }];
  }
  return externalInputs(experiment).flatMap(({ written, at }) => {
    const expected = locked[written];
    if (expected === digests[written]) return [];
    const message =
      expected === undefined
        ? `${written} is not in the lock`
        : `${written} is not what the lock says: expected content ${short(expected)}, found ${short(digests[written])}`;
    return [{ code: 'not-as-locked', message, at, hint: 'flow lock FILE takes what is there now' }];
  });
}

function readLock(file: string): InputLock {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    value = undefined;
  }
  const lock = value as Partial<InputLock> | null | undefined;
  if (lock?.format === 'faceflow-lock' && lock.version === 1) return value as InputLock;
  return fail({ code: 'bad-lock', message: 'expected a lock file of faceflow, found something else', at: { file } });
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function short(digest: string | undefined): string {
  return digest?.slice(0, 12) ?? 'nothing';
}
