import { failures } from '../failures.ts';
import { fail } from '../../../core/failure.ts';
import type { Cursor } from '../cursor.ts';

/*
 * RecordIO (dmlc-core, include/dmlc/recordio.h and src/recordio.cc). A file is a row of frames, little-endian:
 *
 *   offset  bytes   field
 *   0       4       magic 0xced7230a
 *   4       4       part << 29 | length      part: 0 whole record, 1 first, 2 middle, 3 last part of one
 *   8       length  payload
 *           0..3    zeros up to a multiple of 4
 *
 * Where the four magic bytes stand in a payload at a multiple of 4, the writer cuts the record there and leaves them
 * out; the reader puts them back between the parts. So a reader can find the next frame after damage.
 */
export const recordMagic = 0xced7230a;
export const magicBytes = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);

export const frameHeaderBytes = 8;
/** Lengths have 29 bits. */
export const maxPartBytes = 2 ** 29 - 1;

export type RecordPart = 'whole' | 'first' | 'middle' | 'last';
const parts: readonly RecordPart[] = ['whole', 'first', 'middle', 'last'];

export interface FrameHeader {
  readonly part: RecordPart;
  readonly length: number;
  /** With the zeros after it. */
  readonly paddedLength: number;
}

/** Reads a frame header: 8 bytes. `following` is how many bytes the file holds after it. */
export function decodeFrameHeader(cursor: Cursor, following: number): FrameHeader {
  const at = cursor.offset;
  const magic = cursor.u32('the magic word of a record');
  if (magic !== recordMagic) {
    cursor.damaged(`a record should start with 0x${recordMagic.toString(16)}, found 0x${magic.toString(16)}`, at);
  }
  const word = cursor.u32('the length of a record');
  const part = parts[word >>> 29];
  if (part === undefined) cursor.damaged(`a record has part flag ${word >>> 29}, expected 0 to 3`, at + 4);
  const length = word & maxPartBytes;
  const paddedLength = paddedTo4(length);
  if (paddedLength > following) {
    const left = Math.max(0, following);
    fail(failures.truncatedRecord({ needed: paddedLength, left }, cursor.at(at)));
  }
  return { part, length, paddedLength };
}

/** A part of a record on its way. */
export interface NextPart {
  readonly part: RecordPart;
  /** Parts of the same record were read before it. */
  readonly begun: boolean;
  /** Offset of its frame. */
  readonly at: number;
}

/** Checks that a part may follow what was read of the record so far. */
export function checkPartOrder(cursor: Cursor, { part, begun, at }: NextPart): void {
  const continues = part === 'middle' || part === 'last';
  if (continues !== begun) {
    const expected = begun ? 'a middle or last part' : 'a whole record or a first part';
    cursor.damaged(`expected ${expected}, found ${part === 'whole' ? 'a whole record' : `a ${part} part`}`, at);
  }
}

/** Joins the parts of a split record with the magic word between them. */
export function joinParts(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length + 4, -4));
  let position = 0;
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) {
      joined.set(magicBytes, position);
      position += 4;
    }
    joined.set(piece, position);
    position += piece.length;
  }
  return joined;
}

/** Reads the record at the cursor, whatever number of frames it has. */
export function decodeRecord(cursor: Cursor): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const at = cursor.offset;
    const header = decodeFrameHeader(cursor, cursor.remaining - frameHeaderBytes);
    checkPartOrder(cursor, { part: header.part, begun: pieces.length > 0, at });
    pieces.push(cursor.take(header.paddedLength, 'a record').subarray(0, header.length));
    if (header.part === 'whole' || header.part === 'last') return joinParts(pieces);
  }
}

/** Bytes that pieces take in a file, each in a frame. */
export function framedBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + frameHeaderBytes + paddedTo4(piece.length), 0);
}

/** Writes the frames of one record, of which {@link splitAtMagic} made the pieces, at `position`; returns the position after them. */
export function encodeRecordInto(target: Buffer, position: number, pieces: readonly Uint8Array[]): number {
  let at = position;
  for (const [index, piece] of pieces.entries()) {
    const part = pieces.length === 1 ? 0 : index === 0 ? 1 : index === pieces.length - 1 ? 3 : 2;
    target.writeUInt32LE(recordMagic, at);
    target.writeUInt32LE(((part << 29) | piece.length) >>> 0, at + 4);
    target.set(piece, at + frameHeaderBytes);
    const end = at + frameHeaderBytes + piece.length;
    at += frameHeaderBytes + paddedTo4(piece.length);
    for (let pad = end; pad < at; pad += 1) target[pad] = 0;
  }
  return at;
}

/** Writes the frame around a payload of `length` bytes, which is already in place after the space for the frame's header; returns the bytes of all. */
export function encodeFrameAround(target: Buffer, position: number, length: number): number {
  target.writeUInt32LE(recordMagic, position);
  target.writeUInt32LE(length, position + 4);
  const end = frameHeaderBytes + paddedTo4(length);
  for (let pad = frameHeaderBytes + length; pad < end; pad += 1) target[position + pad] = 0;
  return end;
}

/** Fails with `record-too-long` where a record of `length` bytes does not fit the format; names the file where it is known. */
export function requireFitting(length: number, file?: string): void {
  if (length <= maxPartBytes) return;
  fail(failures.recordTooLong({ length, max: maxPartBytes }, file === undefined ? undefined : { file }));
}

/** Whether a payload has the magic word where it would be taken for the start of a record. */
export function holdsMagic(payload: Buffer): boolean {
  for (let found = payload.indexOf(magicBytes); found >= 0; found = payload.indexOf(magicBytes, found + 1)) {
    if (found % 4 === 0) return true;
  }
  return false;
}

/** The payload without the magic words that stand at multiples of 4, cut where they stood. */
export function splitAtMagic(payload: Uint8Array): Uint8Array[] {
  requireFitting(payload.length);
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (let found = buffer.indexOf(magicBytes); found >= 0; found = buffer.indexOf(magicBytes, found + 1)) {
    if (found % 4 !== 0) continue;
    pieces.push(payload.subarray(start, found));
    start = found + 4;
  }
  pieces.push(payload.subarray(start));
  return pieces;
}

function paddedTo4(length: number): number {
  return (length + 3) & ~3;
}
