import { createHash } from 'node:crypto';

/**
 * The seed of a stage that names none: the first 32 bits of a digest of the experiment's seed and the kind of stage.
 * Not of the stage's own name, so that renaming a stage reruns nothing.
 */
export function derivedSeed(experimentSeed: number, kind: string): number {
  return createHash('sha256')
    .update(`${String(experimentSeed)} ${kind}`)
    .digest()
    .readUInt32LE(0);
}
