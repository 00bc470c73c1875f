import { closeSync, readSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { Cursor } from '../cursor.ts';
import { RecordIndex } from './index-file.ts';
import { checkPartOrder, decodeFrameHeader, frameHeaderBytes, joinParts, type FrameHeader } from './record-frame.ts';
import { openForReading } from '../read-file.ts';
import { decodeImageRecord, recordHeaderBytes, type ImageRecord } from './image-record.ts';

/** Random access to the records of a .rec file of any size; holds one record in memory. */
export class RecordFile {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;
  #buffer = Buffer.allocUnsafe(16 * 1024);

  constructor(path: string) {
    this.path = path;
    const { descriptor, size } = openForReading(path, 'RecordIO file');
    this.#descriptor = descriptor;
    this.size = size;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Reads the record whose first frame starts at `offset`. Its payload is valid until the next read. */
  readAt(offset: number): ImageRecord {
    return decodeImageRecord(new Cursor(this.readPayloadAt(offset), this.path, offset + frameHeaderBytes));
  }

  /** The payload of the record at `offset`, valid until the next read. */
  readPayloadAt(offset: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let at = offset; ;) {
      // One read brings header and payload as long as records are not larger than the largest one met so far.
      let got = this.#read(at, this.#buffer);
      const header = this.#headerAt(at, got);
      const end = frameHeaderBytes + header.paddedLength;
      if (end > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(end)));
      if (end > got) got = this.#read(at, this.#buffer.subarray(0, end));
      const piece = this.#buffer.subarray(frameHeaderBytes, frameHeaderBytes + header.length);
      checkPartOrder(new Cursor(piece, this.path, at), { part: header.part, begun: pieces.length > 0, at });
      if (header.part === 'whole') return piece;
      pieces.push(Uint8Array.from(piece));
      if (header.part === 'last') return joinParts(pieces);
      at += end;
    }
  }

  /** Offset after the record whose first frame starts at `offset`. */
  endOf(offset: number): number {
    const head = Buffer.allocUnsafe(frameHeaderBytes);
    return this.#skipParts(offset, this.#decodeHeader(head.subarray(0, this.#read(offset, head)), offset));
  }

  /**
   * The records in the order of the file, as offset and the id in their header (which need not be that of the index);
   * payloads are skipped, not read.
   */
  *scan(): Generator<{ readonly offset: number; readonly id: number }> {
    const head = Buffer.allocUnsafe(frameHeaderBytes + recordHeaderBytes);
    for (let at = 0; at < this.size;) {
      const got = this.#read(at, head);
      const first = this.#decodeHeader(head.subarray(0, got), at);
      checkPartOrder(new Cursor(head, this.path, at), { part: first.part, begun: false, at });
      const id =
        first.length >= recordHeaderBytes
          ? new Cursor(head.subarray(frameHeaderBytes, got), this.path, at + frameHeaderBytes)
          : undefined;
      id?.take(8, 'flag and label');
      yield { offset: at, id: id?.u64('the id of an image record') ?? this.readAt(at).id };
      at = this.#skipParts(at, first);
    }
  }

  /**
   * Builds the index that a lost .idx file held, from the ids in the headers of the records. Some packers leave these
   * alone (MXNet goes by the index): where they repeat, the ids follow from the order in which all packers write.
   */
  buildIndex(): RecordIndex {
    const ids: number[] = [];
    const offsets: number[] = [];
    for (const { id, offset } of this.scan()) {
      ids.push(id);
      offsets.push(offset);
    }
    const sorted = Float64Array.from(ids).sort();
    const repeat = sorted.some((id, place) => place > 0 && id === sorted[place - 1]);
    return new RecordIndex(Float64Array.from(repeat ? this.#idsByOrder(offsets) : ids), Float64Array.from(offsets));
  }

  /**
   * Ids of records by their places: from 0 as im2rec writes; or, where an index record follows the images, images from 1,
   * index record 0, identities. Fails with `repeated-ids` if the labels of the index record say something else.
   */
  #idsByOrder(offsets: readonly number[]): number[] {
    const images = offsets.findIndex((offset) => this.readAt(offset).payload.length === 0);
    if (images < 0) return offsets.map((_, place) => place);
    const { label } = this.readAt(offsets[images] ?? 0);
    const [first, end] = typeof label === 'number' ? [] : label;
    if (first !== Math.fround(images + 1) || end !== Math.fround(offsets.length)) {
      fail(failures.repeatedIds({}, { file: this.path }));
    }
    return offsets.map((_, place) => (place === images ? 0 : place < images ? place + 1 : place));
  }

  /** Offset after the record whose first frame, with this header, starts at `offset`. */
  #skipParts(offset: number, first: FrameHeader): number {
    let at = offset + frameHeaderBytes + first.paddedLength;
    for (let part = first.part; part === 'first' || part === 'middle';) {
      const head = Buffer.allocUnsafe(frameHeaderBytes);
      const header = this.#decodeHeader(head.subarray(0, this.#read(at, head)), at);
      checkPartOrder(new Cursor(head, this.path, at), { part: header.part, begun: true, at });
      part = header.part;
      at += frameHeaderBytes + header.paddedLength;
    }
    return at;
  }

  #headerAt(offset: number, got: number): FrameHeader {
    return this.#decodeHeader(this.#buffer.subarray(0, got), offset);
  }

  #decodeHeader(bytes: Uint8Array, offset: number): FrameHeader {
    return decodeFrameHeader(new Cursor(bytes, this.path, offset), this.size - offset - frameHeaderBytes);
  }

  /** Fills `target` from `offset` on as far as the file goes; returns how many bytes that were. */
  #read(offset: number, target: Buffer): number {
    let got = 0;
    while (got < target.length) {
      const more = readSync(this.#descriptor, target, got, target.length - got, offset + got);
      if (more === 0) break;
      got += more;
    }
    return got;
  }
}
