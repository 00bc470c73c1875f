import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeFileAtomic } from '../../../core/atomic-file.ts';
import { fail, FailureError } from '../../../core/failure.ts';
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
  readonly version: 1;
  readonly step: number;
  readonly values: string;
  readonly arrays: readonly ArrayEntry[];
  /** CRC-32 of the bytes of each array; checkpoints of earlier versions have none. */
  readonly checksums?: readonly number[];
  readonly progress: TrainingProgress;
}

const jsonName = 'checkpoint.json';

/** Writes a checkpoint so that a kill at any moment leaves the old one or the new one whole: checkpoint.json decides. */
export async function writeCheckpoint(
  folder: string,
  checkpoint: {
    readonly step: number;
    readonly state: Iterable<NamedArray> | AsyncIterable<NamedArray>;
    readonly progress: TrainingProgress;
  },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { step, progress } = checkpoint;
  // Never over the file that checkpoint.json names: a training that goes back writes its step once more.
  const [values = ''] = [`step-${step}.bin`, `step-${step}-again.bin`].filter((name) => name !== valuesInUse(folder));
  try {
    const written = await writeArrays(join(folder, values), checkpoint.state);
    const content: CheckpointFile = { format: 'faceflow-checkpoint', version: 1, step, values, ...written, progress };
    writeFileAtomic(join(folder, jsonName), JSON.stringify(content));
  } catch (error) {
    // The old checkpoint is whole; what there was no room for would only take more of it.
    rmSync(join(folder, values), { force: true });
    throw error;
  }
  for (const name of readdirSync(folder)) {
    if (name !== values && name !== jsonName) rmSync(join(folder, name));
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

/** Name of the file of values that the checkpoint in a folder has; undefined without one, or where it cannot be read. */
function valuesInUse(folder: string): string | undefined {
  try {
    return readFile(join(folder, jsonName)).values;
  } catch {
    return undefined;
  }
}

/** The checkpoint in a folder, or undefined in a folder without one. Fails with `checkpoint-damaged`. */
export function readCheckpoint(folder: string): Checkpoint | undefined {
  const file = join(folder, jsonName);
  if (!existsSync(file)) return undefined;
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
  try {
    // Written by us, under this task's key, in one piece.
    const content = JSON.parse(readFileSync(file, 'utf8')) as Partial<CheckpointFile> | null;
    const { format, version, step, values, arrays, progress } = content ?? {};
    if (
      format === 'faceflow-checkpoint' &&
      step !== undefined &&
      values !== undefined &&
      arrays !== undefined &&
      progress !== undefined
    ) {
      return { ...content, format, version: version ?? 1, step, values, arrays, progress };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const problem = 'it is not a description of a checkpoint';
  return fail(failures.checkpointDamaged({ problem, folder: dirname(file) }, { file }));
}

function checksumOf({ values }: NamedArray): number {
  return crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
