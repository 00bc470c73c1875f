import { fail } from '../../../core/failure.ts';
import type { Cursor } from '../cursor.ts';
import { failures } from '../failures.ts';

/*
 * The header of an image record (MXNet, python/mxnet/recordio.py `IRHeader`, struct format "IfQQ"), little-endian:
 *
 *   offset  bytes   field
 *   0       4       flag      0: one label, in the header; n > 0: n labels after the header
 *   4       4       label     float32; 0 where flag > 0
 *   8       8       id
 *   16      8       id2       0
 *   24      4*flag  labels    float32
 *           rest    the encoded image; empty in index records
 */
export const recordHeaderBytes = 24;

/** A header has this many labels at most; more can only be damage. */
const maxLabels = 1 << 20;

export interface ImageRecord {
  readonly id: number;
  readonly id2: number;
  /** One number: stored in the header (flag 0). A list: stored after it (flag = its length). */
  readonly label: number | readonly number[];
  /** The encoded image; empty in index records. */
  readonly payload: Uint8Array;
}

export function decodeImageRecord(cursor: Cursor): ImageRecord {
  const at = cursor.offset;
  const flag = cursor.u32('the flag of an image record');
  const scalar = cursor.f32('the label of an image record');
  const id = cursor.u64('the id of an image record');
  const id2 = cursor.u64('the second id of an image record');
  if (flag > maxLabels) cursor.damaged(`an image record claims ${flag} labels`, at);
  cursor.expectItems(flag, 4, 'the labels of an image record');
  const label = flag === 0 ? scalar : Array.from({ length: flag }, () => cursor.f32('a label of an image record'));
  return { id, id2, label, payload: cursor.take(cursor.remaining, 'the image') };
}

/** Bytes of an encoded image record. */
export function imageRecordBytes({ label, payload }: ImageRecord): number {
  return recordHeaderBytes + (typeof label === 'number' ? 0 : 4 * label.length) + payload.length;
}

/** Writes an image record at `at`. */
export function encodeImageRecordInto(bytes: Buffer, at: number, { label, id, id2, payload }: ImageRecord): void {
  const labels = typeof label === 'number' ? [] : label;
  bytes.writeUInt32LE(labels.length, at);
  bytes.writeFloatLE(typeof label === 'number' ? label : 0, at + 4);
  writeUInt64(bytes, id, at + 8);
  writeUInt64(bytes, id2, at + 16);
  for (let index = 0; index < labels.length; index += 1) {
    bytes.writeFloatLE(labels[index] ?? 0, at + recordHeaderBytes + 4 * index);
  }
  bytes.set(payload, at + recordHeaderBytes + 4 * labels.length);
}

/** An integer up to 2^53, little-endian; takes a tenth of the time of one by way of BigInt. */
function writeUInt64(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 2 ** 32);
  bytes.writeUInt32LE(value - high * 2 ** 32, at);
  bytes.writeUInt32LE(high, at + 4);
}

/** The class of a record: its first label (face2rec2 writes [class, aligned], the other tools one number). */
export function classOf(record: ImageRecord): number {
  return typeof record.label === 'number' ? record.label : (record.label[0] ?? 0);
}

/** What the labels of an image of a face say. */
export interface FaceLabel {
  /** Class, from 0. */
  readonly label: number;
  /** It was the final crop before it was packed; so is an image of which nothing else is known. */
  readonly aligned: boolean;
}

/**
 * Class of an image, and whether it was aligned. Fails with `damaged-file` if the class is no whole number from 0 on, and,
 * unless the `class` alone is asked for, if there are labels of another meaning (age, points), which a copy would lose.
 */
export function faceLabelOf(
  { label: labels, offset }: ImageRecord & { readonly offset: number },
  file: string,
  form: 'class' | 'class-and-aligned',
): FaceLabel {
  const [label = NaN, aligned = 1, ...others] = typeof labels === 'number' ? [labels] : labels;
  const isFace = form === 'class' || (others.length === 0 && (aligned === 0 || aligned === 1));
  if (Number.isInteger(label) && label >= 0 && isFace) return { label, aligned: aligned !== 0 };
  return fail(failures.strangeLabels({ labels: typeof labels === 'number' ? [labels] : labels }, { file, offset }));
}
