import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeOwnFolder, writeFileAtomic } from '../../../core/atomic-file.ts';
import { hasItsChecksum, withChecksum } from '../../../core/checksum.ts';
import { errorCode, fail, FailureError } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { type ArrayEntry, ArrayWriter, readArrayFile } from '../model/array-file.ts';
import type { NamedArray } from '../model/model.ts';
import type { TrainingProgress } from './training-log.ts';

/** A training after a number of steps. All randomness is derived from seed and step, so none is kept. */
export interface Checkpoint {
  /** Batches done. */
  readonly step: number;
  readonly state: ReadonlyMap<string, NamedArray>;
  readonly progress: TrainingProgress;
}

interface CheckpointFile {
  readonly format: 'faceflow-checkpoint';
  readonly version: number;
  readonly step: number;
  readonly values: string;
  readonly arrays: readonly ArrayEntry[];
  /** CRC-32 of the bytes of each array; checkpoints of earlier versions have none. */
  readonly checksums?: readonly number[];
  readonly progress: TrainingProgress;
  /** CRC-32 of everything else in this file, as it is written; descriptions of earlier versions have none. */
  readonly checksum?: number;
}

const jsonName = 'checkpoint.json';

/**
 * Writes a checkpoint so that a kill at any moment leaves the old one or the new one whole: checkpoint.json decides. Of
 * earlier steps the last `keep - 1` stay, each with a description of its own beside its values.
 */
export async function writeCheckpoint(
  folder: string,
  checkpoint: {
    readonly step: number;
    readonly state: Iterable<NamedArray> | AsyncIterable<NamedArray>;
    readonly progress: TrainingProgress;
  },
  keep = 1,
): Promise<void> {
  makeOwnFolder(folder);
  const { step, progress } = checkpoint;
  // Never over a file that a description names: a training that goes back writes its step once more.
  const described = descriptionsIn(folder);
  const inUse = new Set(described.map(({ content }) => content.values));
  const [values = ''] = [`step-${step}.bin`, `step-${step}-again.bin`, `step-${step}-new.bin`].filter(
    (name) => !inUse.has(name),
  );
  const isFirst = ({ content }: { content: CheckpointFile }, index: number): boolean =>
    described.findIndex((each) => each.content.values === content.values) === index;
  const earlier = described
    .filter(isFirst)
    .filter(({ content }) => content.step < step)
    .slice(0, keep - 1);
  try {
    const written = await writeArrays(join(folder, values), checkpoint.state);
    for (const { content } of earlier) writeFileAtomic(join(folder, nameOf(content)), JSON.stringify(content));
    const content = { format: 'faceflow-checkpoint', version: 1, step, values, ...written, progress } as const;
    writeFileAtomic(join(folder, jsonName), JSON.stringify(withChecksum(content)));
  } catch (error) {
    // The old checkpoint is whole; what there was no room for would only take more of it.
    rmSync(join(folder, values), { force: true });
    throw error;
  }
  const kept = new Set([jsonName, values, ...earlier.flatMap(({ content }) => [content.values, nameOf(content)])]);
  for (const name of readdirSync(folder)) {
    if (!kept.has(name)) rmSync(join(folder, name));
  }
}

/** Where the description of an earlier checkpoint is. */
const nameOf = ({ values }: CheckpointFile): string => values.replace(/\.bin$/, '.json');

/** What each checkpoint in a folder knew of its training, the latest first. */
export function checkpointsIn(folder: string): Pick<Checkpoint, 'step' | 'progress'>[] {
  return descriptionsIn(folder).map(({ content }) => content);
}

/** Descriptions that can be read, the latest first: that of checkpoint.json, then those of earlier steps. */
function descriptionsIn(folder: string): { readonly file: string; readonly content: CheckpointFile }[] {
  const earlier = filesIn(folder).flatMap((file) => {
    const content = readableFile(file);
    return content === undefined ? [] : [{ file, content }];
  });
  return earlier.sort((a, b) => Number(isLatest(b.file)) - Number(isLatest(a.file)) || b.content.step - a.content.step);
}

const isLatest = (file: string): boolean => basename(file) === jsonName;

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(folder, name))
    : [];

function readableFile(file: string): CheckpointFile | undefined {
  try {
    return readFile(file);
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}

/** One array at a time: all of them together may be more than there is memory for. */
async function writeArrays(
  path: string,
  arrays: Iterable<NamedArray> | AsyncIterable<NamedArray>,
): Promise<Pick<CheckpointFile, 'arrays' | 'checksums'>> {
  const writer = new ArrayWriter(path);
  const checksums: number[] = [];
  try {
    for await (const array of arrays) {
      writer.add(array);
      checksums.push(checksumOf(array));
    }
    return { arrays: writer.finish(), checksums };
  } finally {
    writer.close();
  }
}

/**
 * The checkpoint in a folder, or undefined in a folder without one. Of one that is damaged or gone `onDamaged` is told, and the
 * one before it is taken; fails with `checkpoint-damaged` if it was the only one. Values without any description are what a
 * kill leaves of a first checkpoint that was not written to its end: they are no checkpoint.
 */
export function readCheckpoint(
  folder: string,
  onDamaged: (error: FailureError) => void = () => undefined,
): Checkpoint | undefined {
  const latest = join(folder, jsonName);
  if (filesIn(folder).length === 0) return undefined;
  try {
    return readOne(folder, latest);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    for (const { file } of descriptionsIn(folder).filter((each) => !isLatest(each.file))) {
      const earlier = wholeOne(folder, file);
      if (earlier === undefined) continue;
      onDamaged(error);
      return earlier;
    }
    throw error;
  }
}

/** The latest whole checkpoint in a folder of fewer steps than `step`, if there is one. */
export function checkpointBefore(folder: string, step: number): Checkpoint | undefined {
  for (const { file, content } of descriptionsIn(folder)) {
    const found = content.step < step ? wholeOne(folder, file) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function wholeOne(folder: string, file: string): Checkpoint | undefined {
  try {
    return readOne(folder, file);
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}

function readOne(folder: string, file: string): Checkpoint {
  try {
    const { step, values, arrays, checksums, progress } = readFile(file);
    const path = join(folder, values);
    const state = readArrayFile(path, arrays);
    for (const [index, { name }] of arrays.entries()) {
      const [array, expected] = [state.get(name), checksums?.[index]];
      if (array === undefined || expected === undefined || checksumOf(array) === expected) continue;
      fail(
        failures.checkpointDamaged(
          { problem: `the values of "${name}" are not those that were written`, folder },
          { file: path },
        ),
      );
    }
    return { step, state, progress };
  } catch (error) {
    if (!(error instanceof FailureError) || error.failures[0].code === failures.checkpointDamaged.code) throw error;
    const [{ message, at }] = error.failures;
    return fail(failures.checkpointDamaged({ problem: message, folder }, at ?? { file }), error);
  }
}

/** Fails with `checkpoint-damaged` if it is not what {@link writeCheckpoint} writes. */
function readFile(file: string): CheckpointFile {
  const damaged = (problem: string): never =>
    fail(failures.checkpointDamaged({ problem, folder: dirname(file) }, { file }));
  const text = textOf(file) ?? damaged('its description is missing');
  const content = parsed(text);
  if (!isDescription(content)) return damaged('it is not a description of a checkpoint');
  const { version } = content;
  if (version !== 1) return damaged(`its version is ${String(version)}, expected 1`);
  // Without a checksum it is of an earlier version.
  return hasItsChecksum(content) === false ? damaged('its description is not what was written') : content;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function isDescription(content: unknown): content is CheckpointFile {
  const { format, step, values, arrays, progress } = (content ?? {}) as Readonly<Record<string, unknown>>;
  const isFormat = format === 'faceflow-checkpoint' && typeof values === 'string' && Array.isArray(arrays);
  return isFormat && Number.isSafeInteger(step) && isProgress(progress);
}

function isProgress(progress: unknown): progress is TrainingProgress {
  const { curves, window } = (progress ?? {}) as Readonly<Record<string, unknown>>;
  return Array.isArray(curves) && typeof window === 'object' && window !== null;
}

function checksumOf({ values }: NamedArray): number {
  return crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
