import { fail, type ByteLocation } from '../../core/failure.ts';
import { failures } from './failures.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * A position in bytes that are all in memory, little-endian. Every read checks what is left first, so a damaged
 * file ends in a failure that names the offset, never in an over-read or in an allocation the file does not back.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly file: string;
  /** Offset in the file of the first byte of `bytes`. */
  readonly base: number;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array, file: string, base = 0) {
    this.bytes = bytes;
    this.file = file;
    this.base = base;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.base + this.#position;
  }

  get remaining(): number {
    return this.bytes.length - this.#position;
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#advance(1, what));
  }

  u16(what: string): number {
    return this.#view.getUint16(this.#advance(2, what), true);
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#advance(4, what), true);
  }

  i32(what: string): number {
    return this.#view.getInt32(this.#advance(4, what), true);
  }

  f32(what: string): number {
    return this.#view.getFloat32(this.#advance(4, what), true);
  }

  f64(what: string, littleEndian = true): number {
    return this.#view.getFloat64(this.#advance(8, what), littleEndian);
  }

  /** An unsigned 64-bit integer; above 2^53 - 1 it can only be damage, and is refused. */
  u64(what: string): number {
    const at = this.offset;
    const value = this.#view.getBigUint64(this.#advance(8, what), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.damaged(`${what} is ${value.toString()}, more than any file can hold`, at);
    }
    return Number(value);
  }

  /** A signed 64-bit integer within the exact range of a number. */
  i64(what: string): number {
    const at = this.offset;
    const value = this.#view.getBigInt64(this.#advance(8, what), true);
    const number = Number(value);
    if (!Number.isSafeInteger(number)) this.damaged(`${what} is ${value.toString()}, beyond any size`, at);
    return number;
  }

  /** A view of the next `length` bytes (not a copy). */
  take(length: number, what: string): Uint8Array {
    const start = this.#advance(length, what);
    return this.bytes.subarray(start, start + length);
  }

  /** The bytes up to the next line feed, which is skipped. */
  line(what: string): Uint8Array {
    const end = this.bytes.indexOf(10, this.#position);
    if (end < 0) this.truncated(what, this.remaining + 1);
    const line = this.bytes.subarray(this.#position, end);
    this.#position = end + 1;
    return line;
  }

  text(length: number, what: string): string {
    const at = this.offset;
    const bytes = this.take(length, what);
    try {
      return utf8.decode(bytes);
    } catch {
      return this.damaged(`${what} is not UTF-8 text`, at);
    }
  }

  /** Fails unless `count` items of `itemBytes` bytes can still follow: to be called before allocating for them. */
  expectItems(count: number, itemBytes: number, what: string): void {
    if (count * itemBytes > this.remaining) this.truncated(what, count * itemBytes);
  }

  /** Fails if anything follows: what no reader has looked at may be meant. */
  expectEnd(what: string): void {
    if (this.remaining > 0) this.damaged(`${this.remaining} bytes follow ${what}, which no reader knows`);
  }

  /** The place of `offset`, or of the next byte, for a failure. */
  at(offset = this.offset): ByteLocation {
    return { file: this.file, offset };
  }

  /** Fails with `damaged-file` at `offset`, or at the next byte. */
  damaged(problem: string, offset = this.offset): never {
    fail(failures.damagedFile({ problem }, this.at(offset)));
  }

  /** Fails with `truncated-file` at the next byte. */
  truncated(what: string, needed: number): never {
    fail(failures.truncatedFile({ what, needed, left: this.remaining }, this.at()));
  }

  #advance(length: number, what: string): number {
    if (!(length >= 0 && length <= this.remaining)) this.truncated(what, length);
    const start = this.#position;
    this.#position += length;
    return start;
  }
}
