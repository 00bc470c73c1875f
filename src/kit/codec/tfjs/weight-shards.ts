import { failures } from '../failures.ts';
import { dirname, join } from 'node:path';
import { fail } from '../../../core/failure.ts';
import { littleEndianFloats } from '../little-endian-floats.ts';
import { isBeside } from '../beside.ts';
import { decodeFile, maxWholeBytes, readBytes, requireFile } from '../read-file.ts';
import { type WeightEntry, type WeightGroup, weightsManifest } from './weights-manifest.ts';

/** An array of a manifest: numbers row by row, small integers turned into what they stand for. */
export interface ShardArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const elementBytes: Readonly<Record<string, number>> = { float32: 4, int32: 4, uint8: 1, uint16: 2 };

/**
 * Reads a weights manifest and the shards next to it; the arrays by name. Fails with `damaged-manifest`, and with
 * `truncated-file` where the shards are shorter than the arrays.
 */
export function readWeightShards(manifest: string): Map<string, ShardArray> {
  return readWeightGroups(decodeFile(weightsManifest, manifest), manifest);
}

/** The same for groups of weights that were read of a file, `manifest`, beside which the shards are. */
export function readWeightGroups(groups: readonly WeightGroup[], manifest: string): Map<string, ShardArray> {
  const arrays = new Map<string, ShardArray>();
  for (const group of groups) {
    requireFit(group, manifest);
    const bytes = shardBytes(group, manifest);
    let offset = 0;
    for (const entry of group.weights) {
      const end = offset + bytesOf(entry, manifest);
      if (arrays.has(entry.name))
        fail(
          failures.damagedManifest({ expected: `"${entry.name}" to be one array, and not two` }, { file: manifest }),
        );
      arrays.set(entry.name, { shape: entry.shape, values: valuesOf(entry, bytes.subarray(offset, end)) });
      offset = end;
    }
  }
  return arrays;
}

/** Paths of the files that a manifest names. Fails with `damaged-manifest`. */
export function shardsOf(manifest: string): string[] {
  return decodeFile(weightsManifest, manifest).flatMap(({ paths }) =>
    paths.map((path) => join(dirname(manifest), path)),
  );
}

/** Fails unless the shards have the bytes that the arrays take, before anything is read: a manifest may name as many as it likes. */
function requireFit({ paths, weights }: WeightGroup, manifest: string): void {
  const outside = paths.find((path) => !isBeside(path));
  if (outside !== undefined) {
    const found = JSON.stringify(outside);
    fail(failures.damagedManifest({ expected: 'names of shards beside it', found }, { file: manifest }));
  }
  const what = 'shard of weights';
  const length = paths.reduce((sum, path) => sum + requireFile(join(dirname(manifest), path), what), 0);
  let offset = 0;
  for (const entry of weights) {
    const { name, shape } = entry;
    const end = offset + bytesOf(entry, manifest);
    if (end > length) fail(failures.truncatedShards({ name, shape, end, length }, { file: manifest, offset }));
    offset = end;
  }
  if (offset < length) {
    const expected = `arrays of the ${length} bytes that ${paths.join(', ')} have`;
    fail(failures.damagedManifest({ expected, found: `arrays of ${offset}` }, { file: manifest, offset }));
  }
  if (length > maxWholeBytes) {
    fail(failures.fileTooLarge({ what, size: length, max: maxWholeBytes }, { file: manifest }));
  }
}

function shardBytes({ paths }: WeightGroup, manifest: string): Uint8Array {
  return Buffer.concat(paths.map((path) => readBytes(join(dirname(manifest), path), 'shard of weights')));
}

function storedType({ dtype, quantization }: WeightEntry): string {
  return quantization?.dtype ?? dtype;
}

function bytesOf(entry: WeightEntry, manifest: string): number {
  const bytes = elementBytes[storedType(entry)];
  if (bytes !== undefined) return entry.shape.reduce((product, size) => product * size, bytes);
  return fail(failures.quantizedWeights({ name: entry.name, type: storedType(entry) }, { file: manifest }));
}

function valuesOf(entry: WeightEntry, bytes: Uint8Array): Float32Array {
  const type = storedType(entry);
  if (type === 'float32') return littleEndianFloats(bytes);
  if (type === 'int32') return Float32Array.from(new Int32Array(Uint8Array.from(bytes).buffer));
  const integers = type === 'uint8' ? bytes : new Uint16Array(Uint8Array.from(bytes).buffer);
  const { scale, min } = entry.quantization ?? { scale: 1, min: 0 };
  return Float32Array.from(integers, (integer) => integer * scale + min);
}
