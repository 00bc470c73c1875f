import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { littleEndianFloats } from '../../codec/little-endian-floats.ts';

/*
 * Rows of one network, appended while they are computed, so that an interrupted stage resumes from them. Little-endian:
 *
 *   bytes      field
 *   4          position of the image among all that were asked for, uint32, rising
 *   4 x size   its row, float32
 *   8          first bytes of the SHA-256 of that: what a crash has left unfinished is recognised
 */
const positionBytes = 4;
const checkBytes = 8;

export interface Row {
  readonly position: number;
  readonly values: Float32Array;
}

export class RowFile {
  readonly #descriptor: number;
  readonly #size: number;
  #count: number;

  /** Opens or makes the file of a network that computes `size` floats; records at its end that are not whole are cut off. */
  constructor(path: string, size: number) {
    this.#size = size;
    this.#descriptor = openSync(path, existsSync(path) ? 'r+' : 'w+');
    this.#count = Math.floor(fstatSync(this.#descriptor).size / this.#recordBytes);
    // Records are written in order: only the last ones can be damaged.
    while (this.#count > 0 && !this.#isWhole(this.#count - 1)) this.#count -= 1;
    ftruncateSync(this.#descriptor, this.#count * this.#recordBytes);
  }

  get count(): number {
    return this.#count;
  }

  /** The position after the last image that has a row. */
  get next(): number {
    return this.#count === 0 ? 0 : this.at(this.#count - 1).position + 1;
  }

  add({ position, values }: Row): void {
    const record = Buffer.alloc(this.#recordBytes);
    record.writeUInt32LE(position);
    record.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), positionBytes);
    record.set(checkOf(record), record.length - checkBytes);
    writeSync(this.#descriptor, record, 0, record.length, this.#count * record.length);
    this.#count += 1;
  }

  /** The row that was added as number `index`. */
  at(index: number): Row {
    const record = this.#read(index);
    const bytes = Uint8Array.from(record.subarray(positionBytes, positionBytes + 4 * this.#size));
    return { position: record.readUInt32LE(), values: littleEndianFloats(bytes) };
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  get #recordBytes(): number {
    return positionBytes + 4 * this.#size + checkBytes;
  }

  #read(index: number): Buffer {
    const record = Buffer.alloc(this.#recordBytes);
    readSync(this.#descriptor, record, 0, record.length, index * record.length);
    return record;
  }

  #isWhole(index: number): boolean {
    const record = this.#read(index);
    return checkOf(record).equals(record.subarray(record.length - checkBytes));
  }
}

function checkOf(record: Buffer): Buffer {
  return createHash('sha256')
    .update(record.subarray(0, record.length - checkBytes))
    .digest()
    .subarray(0, checkBytes);
}
