import { closeSync, readSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { Cursor } from '../../codec/cursor.ts';
import { openForReading } from '../../codec/read-file.ts';
import { filledLines, readLineBlocks } from '../../codec/text-lines.ts';
import { failures } from './failures.ts';

/** Names by position, in memory or not. */
export interface NameList extends Iterable<string> {
  readonly length: number;
  at(position: number): string | undefined;
}

/** Lines that stand behind each other in the file. */
interface Block {
  readonly offset: number;
  readonly bytes: number;
  /** Row of the first of them. */
  readonly first: number;
}

const what = 'list of names';

const sortedNames = 1 << 23;

/**
 * The names of the rows of features, names.txt. They stay in the file and are read whenever they are needed, 1 MB at a time, so that
 * ten million take no more memory than ten. Fails with `damaged-features` unless there is one for each row.
 */
export class FeatureNames implements NameList {
  readonly length: number;
  readonly #file: string;
  readonly #sorted: number;
  #blocks: readonly Block[] | undefined;
  /** The block that was read last, by {@link at}. */
  #read: { readonly first: number; readonly names: readonly string[] } | undefined;
  #areDifferent = false;

  /** `sorted`: of so many names the hashes are sorted at a time, 8 bytes each. */
  constructor(file: string, rows: number, sorted = sortedNames) {
    this.#file = file;
    this.length = rows;
    this.#sorted = sorted;
  }

  /** In the order of the rows. */
  *[Symbol.iterator](): Generator<string, undefined> {
    const blocks: Block[] = [];
    let first = 0;
    for (const { offset, bytes } of readLineBlocks(this.#file, what)) {
      const names = namesIn(bytes, this.#file);
      blocks.push({ offset, bytes: bytes.length, first });
      first += names.length;
      if (first > this.length) break;
      yield* names;
    }
    if (first !== this.length) this.#refuse();
    this.#blocks = blocks;
  }

  /** The name of a row; fast for one that is near the row before. Undefined of a row that there is not. */
  at(row: number): string | undefined {
    let read = this.#read;
    if (read === undefined || row < read.first || row >= read.first + read.names.length) {
      read = this.#blockOf(row);
      this.#read = read;
    }
    return read?.names[row - read.first];
  }

  /**
   * The rows of those names that are there; the file is read once, whatever their number. Fails with `repeated-feature` if any two
   * rows have one name.
   */
  find(names: Iterable<string>): ReadonlyMap<string, number> {
    this.requireDifferent();
    const wanted = new Set(names);
    const rows = new Map<string, number>();
    if (wanted.size === 0) return rows;
    let row = 0;
    for (const name of this) {
      if (wanted.has(name)) rows.set(name, row);
      row += 1;
    }
    return rows;
  }

  /** Fails with `repeated-feature` if any two rows have one name. Of very many names a part is compared at a time. */
  requireDifferent(): void {
    if (this.#areDifferent) return;
    const parts = Math.max(1, Math.ceil(this.length / this.#sorted));
    for (let part = 0; part < parts; part += 1) {
      const repeated = repeatedHashes(this, { part, parts });
      // Different names may have one hash.
      if (repeated.size > 0) this.#requireDifferent(repeated);
    }
    this.#areDifferent = true;
  }

  #requireDifferent(hashes: ReadonlySet<number>): void {
    const seen = new Set<string>();
    let row = 0;
    for (const name of this) {
      row += 1;
      if (!hashes.has(hashOf(name))) continue;
      if (seen.has(name)) fail(failures.repeatedFeature({ name, number: row }, { file: this.#file }));
      seen.add(name);
    }
  }

  #blockOf(row: number): { readonly first: number; readonly names: readonly string[] } | undefined {
    const all = this[Symbol.iterator]();
    // All of them have been read when it is known where each block is.
    while (this.#blocks === undefined) all.next();
    const block = this.#blocks.findLast(({ first }) => first <= row);
    if (block === undefined || row >= this.length) return undefined;
    const bytes = Buffer.alloc(block.bytes);
    const { descriptor } = openForReading(this.#file, what);
    try {
      readSync(descriptor, bytes, 0, bytes.length, block.offset);
    } finally {
      closeSync(descriptor);
    }
    return { first: block.first, names: namesIn(bytes, this.#file) };
  }

  #refuse(): never {
    let found = 0;
    for (const { bytes } of readLineBlocks(this.#file, what)) found += namesIn(bytes, this.#file).length;
    const expected = `${this.length} names, as features.json says`;
    return fail(failures.damagedFeatures({ expected, found: String(found) }, { file: this.#file }));
  }
}

function namesIn(bytes: Uint8Array, file: string): readonly string[] {
  return filledLines(new Cursor(bytes, file)).map(({ text }) => text);
}

/** Hashes that several names have, of those that leave `part` when they are divided by `parts`. */
function repeatedHashes(names: NameList, { part, parts }: Readonly<Record<'part' | 'parts', number>>): Set<number> {
  let hashes = new Float64Array(Math.ceil(names.length / parts));
  let count = 0;
  for (const name of names) {
    const hash = hashOf(name);
    if (hash % parts !== part) continue;
    if (count === hashes.length) {
      const larger = new Float64Array(Math.ceil(1.1 * count) + 1024);
      larger.set(hashes);
      hashes = larger;
    }
    hashes[count] = hash;
    count += 1;
  }
  const sorted = hashes.subarray(0, count).sort();
  return new Set(sorted.filter((hash, place) => place > 0 && sorted[place - 1] === hash));
}

/** 53 bits (as cyrb53 mixes them). */
function hashOf(text: string): number {
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 2654435761);
    other = Math.imul(other ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 2 ** 32 * (other & 0x1fffff) + (one >>> 0);
}
