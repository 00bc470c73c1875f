import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail, type Failure } from '../../core/failure.ts';
import type { ContentDigester } from '../cache/stat-cache.ts';
import { externalInputsOf, inputDigest } from '../plan/key-document.ts';
import type { Experiment, PathBinding } from '../experiment/experiment.ts';
import { failures } from './failures.ts';

/** Contents of the inputs that come from outside, by experiment and by path as written there: `flow.lock`. */
interface InputLock {
  readonly format: 'faceflow-lock';
  readonly version: 1;
  readonly experiments: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The lock file of the folder that an experiment is in; it holds one section per experiment. */
export function lockFileOf(experiment: Experiment): string {
  return join(dirname(experiment.file), 'flow.lock');
}

/** Every file and folder an experiment reads that none of its tasks produces; each once. */
function externalInputs(experiment: Experiment): PathBinding[] {
  const found = new Map<string, PathBinding>();
  for (const { binding } of experiment.tasks.flatMap(externalInputsOf)) {
    if (!found.has(binding.written)) found.set(binding.written, binding);
  }
  return [...found.values()];
}

/** Content digests of everything an experiment reads from outside, by path as written there. */
export async function inputDigests(experiment: Experiment, digester: ContentDigester): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const input of externalInputs(experiment))
    digests[input.written] = await inputDigest(input, async (path) => (await digester.digest(path)).digest);
  return digests;
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
  if (locked === undefined) return [failures.noLock({ experiment: experiment.name }, { file })];
  return externalInputs(experiment).flatMap(({ written: input, at }) => {
    const [before, found] = [locked[input], digests[input]];
    if (before === found) return [];
    return before === undefined
      ? [failures.notInLock({ input }, at)]
      : [failures.notAsLocked({ input, locked: before, found: found ?? 'nothing' }, at)];
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
  return fail(failures.badLock({}, { file }));
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
