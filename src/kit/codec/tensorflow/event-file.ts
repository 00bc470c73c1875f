import { FailureError } from '../../../core/failure.ts';
import { Cursor } from '../cursor.ts';
import { double, float, integer, message, messages, text } from '../protobuf/fields.ts';
import type { MessageSchema } from '../protobuf/fields.ts';
import { decodeMessage, encodeMessage } from '../protobuf/messages.ts';

/*
 * Event file of TensorBoard (tensorflow, core/util/event.proto and core/framework/summary.proto): records of TFRecord
 * (core/lib/io/record_writer.cc), each an Event. A record, little-endian:
 *
 *   8  length of the data
 *   4  masked CRC-32C of these 8 bytes
 *   n  data
 *   4  masked CRC-32C of the data
 *
 * Masked: rotated right by 15 bits, plus 0xa282ead8 (core/lib/hash/crc32c.h).
 */

/** What happened at a step: the first event of a file names the version of the format, all others have scalars. */
export interface TensorboardEvent {
  /** Seconds since 1970. */
  readonly wallTime?: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly values: readonly { readonly tag?: string; readonly value?: number }[] };
}

const scalar: MessageSchema<{ tag?: string; value?: number }> = { tag: text(1), value: float(2) };
const summary: MessageSchema<{ values: readonly { tag?: string; value?: number }[] }> = {
  values: messages(1, () => scalar),
};
const event: MessageSchema<TensorboardEvent> = {
  wallTime: double(1),
  step: integer(2),
  fileVersion: text(3),
  summary: message(5, () => summary),
};

/** What every event file begins with. */
export const firstEvent: TensorboardEvent = { fileVersion: 'brain.Event:2' };

const headBytes = 12;
const footBytes = 4;

/** One record of an event file. */
export function encodeEvent(value: TensorboardEvent): Uint8Array {
  const data = encodeMessage(event, value);
  const record = Buffer.alloc(headBytes + data.length + footBytes);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedChecksum(record.subarray(0, 8)), 8);
  record.set(data, headBytes);
  record.writeUInt32LE(maskedChecksum(data), headBytes + data.length);
  return record;
}

/** The events at the start of a file that are whole, each with the offset of its end: a kill may have cut off the last one. */
export function wholeEvents(bytes: Uint8Array): { readonly event: TensorboardEvent; readonly end: number }[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { readonly event: TensorboardEvent; readonly end: number }[] = [];
  for (let start = 0; start + headBytes + footBytes <= file.length;) {
    const length = Number(file.readBigUInt64LE(start));
    if (file.readUInt32LE(start + 8) !== maskedChecksum(file.subarray(start, start + 8))) break;
    const end = start + headBytes + length + footBytes;
    const data = file.subarray(start + headBytes, end - footBytes);
    if (end > file.length || file.readUInt32LE(end - footBytes) !== maskedChecksum(data)) break;
    const decoded = tryDecode(data);
    if (decoded === undefined) break;
    found.push({ event: decoded, end });
    start = end;
  }
  return found;
}

function tryDecode(data: Uint8Array): TensorboardEvent | undefined {
  try {
    return decodeMessage(event, new Cursor(data, 'an event'));
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4), reflected, bit by bit for each of the 256 bytes. */
const checksums = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ ((value & 1) === 1 ? 0x82f63b78 : 0);
  return value;
});

export function checksum(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (checksums[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}

function maskedChecksum(bytes: Uint8Array): number {
  const value = checksum(bytes);
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}
