import { type FileHandle, open } from 'node:fs/promises';
import { fail } from '../../../core/failure.ts';
import { littleEndianBytes } from '../../codec/little-endian-floats.ts';
import { failures } from '../failures.ts';

/** Vectors, a row each, that need not fit into memory. */
export interface VectorSource {
  readonly rows: number;
  readonly columns: number;
  /**
   * `count` rows from `start` on, row after row, in `target` if that is given. Otherwise they may be a view of what the source holds: not to be
   * written to. Several reads may be under way at a time.
   */
  read(start: number, count: number, target?: Float32Array): Promise<Float32Array>;
  /** After the last read has ended. */
  close(): Promise<void>;
}

/** Vectors that are in memory. */
export function vectorsInMemory(values: Float32Array, columns: number): VectorSource {
  return {
    rows: values.length / columns,
    columns,
    read(start, count, target) {
      const rows = values.subarray(start * columns, (start + count) * columns);
      target?.set(rows);
      return Promise.resolve(target ?? rows);
    },
    close: () => Promise.resolve(),
  };
}

export interface VectorFile {
  readonly file: string;
  /** Where the first row begins. */
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

/** Rows of float32, little-endian, that stand behind each other in a file. A read fails with `vectors-cut-off`. */
export async function vectorsInFile({ file, offset, rows, columns }: VectorFile): Promise<VectorSource> {
  const handle = await open(file, 'r');
  const rowBytes = 4 * columns;
  return {
    rows,
    columns,
    async read(start, count, values = new Float32Array(count * columns)) {
      const found = await readInto(handle, littleEndianBytes(values), offset + start * rowBytes);
      if (found < values.byteLength) {
        const facts = { expected: offset + rows * rowBytes, found: offset + start * rowBytes + found };
        return fail(failures.vectorsCutOff(facts, { file }));
      }
      return values;
    },
    close: () => handle.close(),
  };
}

/** Rows between two that are chosen are read too, where they are so few: one long read is faster than many short ones. */
const longestGap = 32;
const longestSpan = 4096;

/** Some rows of a source, in any order, also more than once. Rising ones that are close to each other are read together. */
export function chosenVectors(source: VectorSource, chosen: ArrayLike<number>): VectorSource {
  const { columns } = source;
  return {
    rows: chosen.length,
    columns,
    async read(start, count, values = new Float32Array(count * columns)) {
      const last = start + count;
      for (let at = start; at < last;) {
        const first = chosen[at] ?? 0;
        let end = at + 1;
        while (end < last && isNear(chosen[end - 1], chosen[end]) && (chosen[end] ?? 0) < first + longestSpan) end += 1;
        const rows = await source.read(first, (chosen[end - 1] ?? 0) - first + 1);
        for (; at < end; at += 1) {
          const from = ((chosen[at] ?? 0) - first) * columns;
          values.set(rows.subarray(from, from + columns), (at - start) * columns);
        }
      }
      return values;
    },
    close: () => source.close(),
  };
}

function isNear(one = 0, other = 0): boolean {
  return other > one && other - one <= longestGap;
}

/** Returns how many bytes there were. */
async function readInto(handle: FileHandle, target: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
