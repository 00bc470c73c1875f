import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import type { PartRecord } from './record.ts';
import type { SavedSearch } from '../../src/kit/face/similarity/find-thresholds.ts';

/** What is kept in the scratch folder of a task, which belongs to one key: features, rates and seed are always the same. */
export interface Progress {
  /** Of the parts that are done, in their order. */
  readonly results: readonly PartRecord[];
  /** Of the part that is next; undefined: it has not begun. */
  readonly search: SavedSearch | undefined;
}

/** Of version 2 of the stage; `progress.v8` and `strips.v8` are of the first. */
const fileIn = (scratch: string): string => join(scratch, 'search.v8');

export function saveProgress(scratch: string, progress: Progress): void {
  writeFileAtomic(fileIn(scratch), serialize(progress));
}

export function readProgress(scratch: string): Progress {
  const file = fileIn(scratch);
  if (!existsSync(file)) return { results: [], search: undefined };
  // Written by this stage, whole or not at all.
  return deserialize(readFileSync(file)) as Progress;
}

export function forgetProgress(scratch: string): void {
  rmSync(fileIn(scratch), { force: true });
}
