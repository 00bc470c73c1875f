import { failures } from '../failures.ts';
import { closeSync, readSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { grown, RecordIds } from './record-ids.ts';
import type { Codec } from '../codec.ts';
import { openForReading } from '../read-file.ts';

/*
 * The index of a .rec file (MXNet, python/mxnet/recordio.py `MXIndexedRecordIO`): text lines
 * `id <TAB> byte offset of the frame <LF>`, in the order of writing, so record 0 of face2rec2 is not first.
 */

/** Where each record of a file starts: eight bytes each, and ids as runs ({@link RecordIds}). */
export class RecordIndex {
  /** In the order of the file. */
  readonly ids: RecordIds;
  #offsets: Float64Array;

  /** @param capacity entries that are expected: memory is taken as they come */
  constructor(capacity = 1024) {
    this.ids = new RecordIds();
    this.#offsets = new Float64Array(capacity);
  }

  /** The index with these entries. */
  static of(entries: Iterable<readonly [id: number, offset: number]>): RecordIndex {
    const index = new RecordIndex();
    for (const [id, offset] of entries) index.add(id, offset);
    return index;
  }

  get size(): number {
    return this.ids.size;
  }

  /** In the order of the file. */
  get offsets(): Float64Array {
    return this.#offsets.subarray(0, this.size);
  }

  add(id: number, offset: number): void {
    if (this.size === this.#offsets.length) this.#offsets = grown(this.#offsets);
    this.#offsets[this.size] = offset;
    this.ids.add(id);
  }

  /** Offset of the record with this id, if there is one. */
  offsetOf(id: number): number | undefined {
    const entry = this.ids.entryOf(id);
    return entry === undefined ? undefined : this.#offsets[entry];
  }

  /** Offset of the record at a position in the file, from 0. */
  offsetAt(position: number): number | undefined {
    return position < this.size ? this.#offsets[position] : undefined;
  }

  /** Position in the file of the record with this id, from 0. */
  positionOf(id: number): number | undefined {
    return this.ids.entryOf(id);
  }

  /** The same records under other ids. */
  renumbered(idOf: (position: number) => number): RecordIndex {
    const index = new RecordIndex(0);
    index.#offsets = this.#offsets;
    for (let position = 0; position < this.size; position += 1) index.ids.add(idOf(position));
    return index;
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
  let [entry, text] = [0, ''];
  for (const id of ids) {
    text += encodeIndexLine(id, offsets[entry] ?? 0);
    entry += 1;
    if (entry % piece !== 0) continue;
    yield Buffer.from(text, 'latin1');
    text = '';
  }
  yield Buffer.from(text, 'latin1');
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
  readonly #index: RecordIndex;
  #line = 1;
  /** The two numbers of the current line. */
  readonly #fields: [number, number] = [0, 0];
  readonly #digits: [number, number] = [0, 0];
  #field: 0 | 1 = 0;

  constructor(file: string, size: number) {
    this.#file = file;
    this.#index = new RecordIndex(Math.ceil(size / 12) + 1);
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
    return this.#index;
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
    this.#index.add(id, offset);
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
