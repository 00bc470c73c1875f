import { failures } from '../failures.ts';
import { closeSync, readSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import type { Codec } from '../codec.ts';
import { openForReading } from '../read-file.ts';

/*
 * The index of a .rec file (MXNet, python/mxnet/recordio.py `MXIndexedRecordIO`): text lines
 * `id <TAB> byte offset of the frame <LF>`, in the order of writing, so record 0 of face2rec2 is not first.
 */

/** Where each record of a file starts. Two flat arrays, so that five million entries take 80 MB. */
export class RecordIndex {
  /** In the order of the file. */
  readonly ids: Float64Array;
  /** In the order of the file. */
  readonly offsets: Float64Array;
  /** Entry of each id plus one, if ids are dense; 0 for an id without an entry. */
  readonly #entryOfId: Uint32Array | Map<number, number>;

  constructor(ids: Float64Array, offsets: Float64Array) {
    this.ids = ids;
    this.offsets = offsets;
    let largest = -1;
    for (const id of ids) if (id > largest) largest = id;
    this.#entryOfId = largest < 4 * ids.length + 1024 ? new Uint32Array(largest + 1) : new Map<number, number>();
    for (const [entry, id] of ids.entries()) this.#setEntry(id, entry + 1);
  }

  get size(): number {
    return this.ids.length;
  }

  /** Offset of the record with this id, if there is one. */
  offsetOf(id: number): number | undefined {
    const entry = this.#entryOfId instanceof Map ? this.#entryOfId.get(id) : this.#entryOfId[id];
    return entry === undefined || entry === 0 ? undefined : this.offsets[entry - 1];
  }

  /** Position in the file of the record with this id, from 0. */
  positionOf(id: number): number | undefined {
    const entry = this.#entryOfId instanceof Map ? this.#entryOfId.get(id) : this.#entryOfId[id];
    return entry === undefined || entry === 0 ? undefined : entry - 1;
  }

  #setEntry(id: number, entry: number): void {
    if (this.#entryOfId instanceof Map) this.#entryOfId.set(id, entry);
    else this.#entryOfId[id] = entry;
  }
}

/** Reads an index of any size in one pass over the file, 1 MB at a time. */
export function readIndexFile(path: string): RecordIndex {
  const { descriptor, size } = openForReading(path, 'RecordIO index');
  try {
    const parser = new IndexParser(path, size);
    const chunk = Buffer.allocUnsafe(Math.min(1 << 20, Math.max(1, size)));
    for (;;) {
      const got = readSync(descriptor, chunk, 0, chunk.length, null);
      if (got === 0) return parser.end();
      parser.feed(chunk.subarray(0, got));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The lines of an index in pieces of a megabyte or so: an index of millions does not fit in one text. */
export function* encodeIndex({ ids, offsets }: RecordIndex): Generator<Buffer> {
  const piece = 50_000;
  for (let start = 0; start < ids.length; start += piece) {
    let text = '';
    for (let entry = start; entry < Math.min(ids.length, start + piece); entry += 1) {
      text += encodeIndexLine(ids[entry] ?? 0, offsets[entry] ?? 0);
    }
    yield Buffer.from(text, 'latin1');
  }
}

export function encodeIndexLine(id: number, offset: number): string {
  return `${String(id)}\t${String(offset)}\n`;
}

const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const digit0 = 48;

/** Turns bytes into entries without making a string per line. */
class IndexParser {
  readonly #file: string;
  #ids: Float64Array;
  #offsets: Float64Array;
  #count = 0;
  #line = 1;
  /** The two numbers of the current line. */
  readonly #fields: [number, number] = [0, 0];
  readonly #digits: [number, number] = [0, 0];
  #field: 0 | 1 = 0;

  constructor(file: string, size: number) {
    this.#file = file;
    const guess = Math.ceil(size / 12) + 1;
    this.#ids = new Float64Array(guess);
    this.#offsets = new Float64Array(guess);
  }

  feed(bytes: Uint8Array): void {
    for (const byte of bytes) {
      const digit = byte - digit0;
      if (digit >= 0 && digit <= 9) {
        this.#fields[this.#field] = this.#fields[this.#field] * 10 + digit;
        this.#digits[this.#field] += 1;
      } else if (byte === tab && this.#field === 0) {
        this.#field = 1;
      } else if (byte === lineFeed) {
        this.#endLine();
      } else if (byte !== carriageReturn) {
        this.#refuse(`found ${JSON.stringify(String.fromCharCode(byte))}`);
      }
    }
  }

  end(): RecordIndex {
    if (this.#digits[0] > 0 || this.#field === 1) this.#refuse('the last line does not end with a line feed');
    return new RecordIndex(this.#ids.subarray(0, this.#count), this.#offsets.subarray(0, this.#count));
  }

  #endLine(): void {
    const blank = this.#digits[0] === 0 && this.#field === 0;
    if (!blank) this.#addEntry();
    this.#fields[0] = 0;
    this.#fields[1] = 0;
    this.#digits[0] = 0;
    this.#digits[1] = 0;
    this.#field = 0;
    this.#line += 1;
  }

  #addEntry(): void {
    if (this.#digits[0] === 0 || this.#digits[1] === 0) this.#refuse('a number is missing');
    const [id, offset] = this.#fields;
    if (!Number.isSafeInteger(id) || !Number.isSafeInteger(offset)) this.#refuse('a number is too large');
    if (this.#count === this.#ids.length) this.#grow();
    this.#ids[this.#count] = id;
    this.#offsets[this.#count] = offset;
    this.#count += 1;
  }

  #grow(): void {
    const ids = new Float64Array(this.#ids.length * 2);
    const offsets = new Float64Array(ids.length);
    ids.set(this.#ids);
    offsets.set(this.#offsets);
    this.#ids = ids;
    this.#offsets = offsets;
  }

  #refuse(found: string): never {
    fail(failures.damagedIndex({ found }, { file: this.#file, line: this.#line, column: 1, length: 1 }));
  }
}

/** The same as a codec, for files small enough to hold in memory. */
export const indexFile: Codec<RecordIndex> = {
  name: 'record-index',
  title: 'RecordIO index',
  summary: 'Where each record of a .rec file starts, one line per record.',
  endings: ['.idx'],
  sniff: (head, fileName) => fileName.endsWith('.idx') && /^\d+\t\d+\r?\n/.test(Buffer.from(head).toString('latin1')),
  decode(cursor) {
    const parser = new IndexParser(cursor.file, cursor.remaining);
    parser.feed(cursor.take(cursor.remaining, 'the index'));
    return parser.end();
  },
  describe(cursor) {
    const index = indexFile.decode(cursor);
    const ascending = index.offsets.every((offset, entry) => entry === 0 || offset > (index.offsets[entry - 1] ?? 0));
    return {
      facts: [
        { name: 'records', value: index.size },
        {
          name: 'index record 0',
          value: index.offsetOf(0) === undefined ? 'none' : `entry ${String((index.positionOf(0) ?? 0) + 1)}`,
        },
      ],
      notes: ascending ? [] : ['The offsets do not ascend.'],
    };
  },
  encode: (index) => Buffer.concat([...encodeIndex(index)]),
};
