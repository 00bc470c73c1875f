import type { WeightGroup } from '../../../codec/tfjs/weights-manifest.ts';
import type { WrittenWeight } from './graph-def-writer.ts';

/** As large as the converter of TensorFlow.js cuts them: browsers keep files of that size in their cache. */
const shardBytes = 4 * 1024 * 1024;

export interface Shard {
  readonly name: string;
  /** Its bytes, as they are computed. */
  readonly pieces: Iterable<Uint8Array>;
}

export interface Shards {
  readonly group: WeightGroup;
  /** To be written one after the other, each once: the weights are computed on the way. */
  readonly shards: Iterable<Shard>;
}

/** The weights one after the other, cut into files `<stem>-shard1of3.bin`. */
export function shardsOf(weights: readonly WrittenWeight[], stem: string): Shards {
  const total = weights.reduce(
    (sum, { shape }) => sum + bytesEach * shape.reduce((product, size) => product * size, 1),
    0,
  );
  const count = Math.max(1, Math.ceil(total / shardBytes));
  const paths = Array.from({ length: count }, (_, index) => `${stem}-shard${index + 1}of${count}.bin`);
  return {
    group: { paths, weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) },
    shards: cut(weights, paths),
  };
}

/** Of float32 and of int32. */
const bytesEach = 4;

function* cut(weights: readonly WrittenWeight[], paths: readonly string[]): Generator<Shard> {
  const pieces = piecesOf(weights);
  for (const name of paths) {
    yield { name, pieces: firstBytes(pieces) };
  }
}

/** No piece goes over the end of a shard. */
function* piecesOf(weights: readonly WrittenWeight[]): Generator<Uint8Array> {
  let offset = 0;
  for (const weight of weights) {
    const bytes = weight.bytes();
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + shardBytes - (offset % shardBytes));
      yield bytes.subarray(start, end);
      offset += end - start;
      start = end;
    }
  }
}

/** What goes into one shard; unlike `for` it leaves the rest to the next one. */
function* firstBytes(pieces: Iterator<Uint8Array>): Generator<Uint8Array> {
  for (let length = 0; length < shardBytes;) {
    const next = pieces.next();
    if (next.done === true) return;
    length += next.value.length;
    yield next.value;
  }
}
