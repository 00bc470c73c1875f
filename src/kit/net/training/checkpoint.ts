import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../core/atomic-file.ts';
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
  const values = `step-${step}.bin`;
  const arrays = await writeArrays(join(folder, values), checkpoint.state);
  const content: CheckpointFile = { format: 'faceflow-checkpoint', version: 1, step, values, arrays, progress };
  writeFileAtomic(join(folder, jsonName), JSON.stringify(content));
  for (const name of readdirSync(folder)) {
    if (name !== values && name !== jsonName) rmSync(join(folder, name));
  }
}

/** One array at a time: all of them together may be more than there is memory for. */
async function writeArrays(
  path: string,
  arrays: Iterable<NamedArray> | AsyncIterable<NamedArray>,
): Promise<readonly ArrayEntry[]> {
  const writer = new ArrayWriter(path);
  try {
    for await (const array of arrays) writer.add(array);
    return writer.finish();
  } finally {
    writer.close();
  }
}

/** The checkpoint in a folder, or undefined in a folder without one. Fails with the codes of array files if it is damaged. */
export function readCheckpoint(folder: string): Checkpoint | undefined {
  const file = join(folder, jsonName);
  if (!existsSync(file)) return undefined;
  // Written by us, under this task's key, in one piece.
  const { step, values, arrays, progress } = JSON.parse(readFileSync(file, 'utf8')) as CheckpointFile;
  return { step, state: readArrayFile(join(folder, values), arrays), progress };
}
