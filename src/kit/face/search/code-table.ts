import { wasmInstance } from '../../../core/wasm-instance.ts';
import {
  marginOf,
  mostOfQuery,
  mostOfRow,
  type Quantized,
  type QuantizeExport,
  quantizedAt,
  quantizedNumbers,
} from '../similarity/quantized.ts';

/** What wasm/search/scan.ts exports. */
interface ScanExports extends QuantizeExport {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  free(): number;
  lookFor(...call: [codes: number, columns: number, scale: number, group: number]): void;
  bound(length: number, margin: number): void;
  note(list: number, room: number): void;
  noted(): number;
  score(block: number, rows: number): void;
  highest(block: number, rows: number, first: number): void;
  reaching(...call: [block: number, rows: number, first: number, wanted: number, from: number]): number;
}

/** The same as in wasm/search/scan.ts. */
const blockRows = 16_384;
/** Step, error, group and score of a row, four bytes each, behind the codes of its block. */
const numbersOfRow = 4;
/** Rows that are noted at a time; all of them, if need be, in several goes. */
export const listRoom = 4096;
/** Of the memory of WebAssembly. */
const pageBytes = 65_536;

/** No row is of this group: what is free. */
export const noGroup = 0;

/** A bound of the exact score of a row. */
export interface BoundedRow {
  readonly row: number;
  readonly score: number;
}

/**
 * Vectors as a byte for each number in the memory of a WebAssembly module, which scores all of them for one that is looked for. Rows
 * have numbers from 0 on and may be written again.
 */
export class CodeTable {
  readonly #exports: ScanExports;
  readonly #columns: number;
  /** Bytes of the codes of a row. */
  readonly #width: number;
  readonly #query: number;
  /** A vector before it is quantized, and its numbers. */
  readonly #vector: number;
  readonly #list: number;
  readonly #blocks: number[] = [];
  #end: number;
  #rows = 0;
  #longest = 0;

  constructor(columns: number) {
    this.#exports = wasmInstance('search') as ScanExports;
    this.#columns = columns;
    this.#width = Math.ceil(columns / 32) * 32;
    this.#query = Math.ceil(this.#exports.free() / 64) * 64;
    this.#vector = this.#query + 2 * this.#width;
    this.#list = this.#vector + 4 * this.#width + 16;
    this.#end = this.#list + 8 * listRoom;
    this.#reserve();
  }

  /** Throws a RangeError where the memory of a module ends, 4 GiB: eight million vectors of 512 numbers. */
  write(row: number, group: number, vector: Float32Array): void {
    while (row >= this.#blocks.length * blockRows) this.#addBlock();
    const { codes, numbers } = this.#placesOf(row);
    const { scale, error, length } = this.#quantize(vector, codes, { most: mostOfRow, isWide: false });
    const { buffer } = this.#exports.memory;
    new Float32Array(buffer, numbers, 2).set([scale, error]);
    new Uint32Array(buffer, numbers + 8, 1).fill(group);
    this.#rows = Math.max(this.#rows, row + 1);
    this.#longest = Math.max(this.#longest, length + 2 * error);
  }

  free(row: number): void {
    new Uint32Array(this.#exports.memory.buffer, this.#placesOf(row).numbers + 8, 1).fill(noGroup);
  }

  /** Scores the rows of a group; what follows is about these scores. */
  score(query: Float32Array, group: number): void {
    const quantized = this.#quantize(query, this.#query, { most: mostOfQuery(this.#columns), isWide: true });
    this.#exports.lookFor(this.#query, this.#width, quantized.scale, group);
    this.#exports.bound(quantized.length, marginOf(quantized, this.#longest));
    for (const { block, rows } of this.#filled()) this.#exports.score(block, rows);
  }

  /** Up to `count` rows (at most `listRoom`) with the highest scores that they have at least, the highest first. */
  highest(count: number): BoundedRow[] {
    this.#exports.note(this.#list, count);
    for (const { block, rows, first } of this.#filled()) this.#exports.highest(block, rows, first);
    return this.#noted();
  }

  /** All rows whose exact score may be as high as this; each with the most that it may be. */
  reaching(least: number): BoundedRow[] {
    const found: BoundedRow[] = [];
    for (const { block, rows, first } of this.#filled()) {
      for (let row = 0; row < rows;) {
        this.#exports.note(this.#list, listRoom);
        row = this.#exports.reaching(block, rows, first, least, row);
        found.push(...this.#noted());
      }
    }
    return found;
  }

  /** Writes codes of one byte, or of two. */
  #quantize(
    vector: Float32Array,
    codes: number,
    { most, isWide }: { readonly most: number; readonly isWide: boolean },
  ): Quantized {
    const { buffer } = this.#exports.memory;
    const numbers = this.#vector + 4 * this.#width;
    new Float32Array(buffer, this.#vector, this.#columns).set(vector);
    this.#exports.quantize(this.#vector, this.#columns, codes, isWide ? 1 : 0, most, numbers);
    return quantizedAt(new Float32Array(buffer, numbers, quantizedNumbers), 0);
  }

  #noted(): BoundedRow[] {
    const count = this.#exports.noted();
    const { buffer } = this.#exports.memory;
    const scores = new Float32Array(buffer, this.#list, 2 * count);
    const rows = new Int32Array(buffer, this.#list, 2 * count);
    return Array.from({ length: count }, (_, at) => ({ row: rows[2 * at + 1] ?? 0, score: scores[2 * at] ?? 0 }));
  }

  *#filled(): Generator<{ readonly block: number; readonly rows: number; readonly first: number }> {
    for (const [index, block] of this.#blocks.entries()) {
      const first = index * blockRows;
      yield { block, first, rows: Math.min(blockRows, this.#rows - first) };
    }
  }

  #placesOf(row: number): { readonly codes: number; readonly numbers: number } {
    const block = this.#blocks[Math.floor(row / blockRows)] ?? 0;
    const place = row % blockRows;
    return { codes: block + place * this.#width, numbers: block + blockRows * this.#width + 4 * numbersOfRow * place };
  }

  #addBlock(): void {
    this.#blocks.push(this.#end);
    this.#end += blockRows * (this.#width + 4 * numbersOfRow);
    this.#reserve();
  }

  #reserve(): void {
    const { memory } = this.#exports;
    const missing = Math.ceil((this.#end - memory.buffer.byteLength) / pageBytes);
    if (missing <= 0) return;
    memory.grow(missing);
  }
}
