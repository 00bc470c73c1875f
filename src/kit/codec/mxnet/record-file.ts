import { closeSync, readSync } from 'node:fs';
import { fail, FailureError } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { Cursor } from '../cursor.ts';
import { RecordIndex } from './index-file.ts';
import {
  checkPartOrder,
  decodeFrameHeader,
  frameHeaderBytes,
  joinParts,
  magicBytes,
  type FrameHeader,
} from './record-frame.ts';
import { openForReading } from '../read-file.ts';
import { decodeImageRecord, recordHeaderBytes, type ImageRecord } from './image-record.ts';

/** Bytes of one read: of a record anywhere, and of one behind or in those that were read last. */
const readBytes = { anywhere: 16 << 10, inOrder: 128 << 10 };
/** Longer records are skipped instead of read when only their headers are asked for. */
const skippedBytes = 4 << 10;
/** Bytes that are searched at a time for the start of a record; a multiple of 4. */
const searchedBytes = 16 << 10;

/** Random access to the records of a .rec file of any size; holds one record in memory. */
export class RecordFile {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;
  #buffer = Buffer.allocUnsafe(readBytes.anywhere);
  /** What of the file is in the buffer: where that begins, and how much it is. */
  #heldFrom = 0;
  #held = 0;

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
      // One read brings header and payload, and of small records read in order many at once.
      const header = this.#decodeHeader(this.#bytesAt(at, frameHeaderBytes), at);
      const end = frameHeaderBytes + header.paddedLength;
      const piece = this.#bytesAt(at, end).subarray(frameHeaderBytes, frameHeaderBytes + header.length);
      if (header.part === 'whole' && pieces.length === 0) return piece;
      checkPartOrder(new Cursor(piece, this.path, at), { part: header.part, begun: pieces.length > 0, at });
      pieces.push(Uint8Array.from(piece));
      if (header.part === 'last') return joinParts(pieces);
      at += end;
    }
  }

  /** Bytes of the file from `at` on: at least as many as wanted, as far as the file goes. Valid until the next call. */
  #bytesAt(at: number, wanted: number): Buffer {
    const within = at - this.#heldFrom;
    if (within >= 0 && within + wanted <= this.#held) return this.#buffer.subarray(within, this.#held);
    const isInOrder = within >= 0 && within <= this.#held;
    const bytes = Math.max(wanted, isInOrder ? readBytes.inOrder : readBytes.anywhere);
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(bytes)));
    this.#heldFrom = at;
    this.#held = this.#read(at, this.#buffer.subarray(0, bytes));
    return this.#buffer.subarray(0, this.#held);
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
    const own = Buffer.allocUnsafe(frameHeaderBytes + recordHeaderBytes);
    let isSmall = false;
    for (let at = 0; at < this.size;) {
      const head = isSmall ? this.#bytesAt(at, own.length) : own.subarray(0, this.#read(at, own));
      const first = this.#decodeHeader(head, at);
      checkPartOrder(new Cursor(head, this.path, at), { part: first.part, begun: false, at });
      const id =
        first.length >= recordHeaderBytes
          ? new Cursor(head.subarray(frameHeaderBytes), this.path, at + frameHeaderBytes)
          : undefined;
      id?.take(8, 'flag and label');
      yield { offset: at, id: id?.u64('the id of an image record') ?? this.readAt(at).id };
      isSmall = first.length < skippedBytes;
      at = this.#skipParts(at, first);
    }
  }

  /**
   * Builds the index that a lost .idx file held, from the ids in the headers of the records. Some packers leave these
   * alone (MXNet goes by the index): where they repeat, the ids follow from the order in which all packers write.
   */
  buildIndex(): RecordIndex {
    const index = new RecordIndex();
    for (const { id, offset } of this.scan()) index.add(id, offset);
    return this.withOwnIds(index);
  }

  /** An index by the ids in the headers of records; where these repeat, by the order of the records. Fails with `repeated-ids`. */
  withOwnIds(index: RecordIndex): RecordIndex {
    return index.ids.repeat ? this.#numberedByOrder(index) : index;
  }

  /**
   * Ids of records by their places: from 0 as im2rec writes; or, where an index record follows the images, images from 1,
   * index record 0, identities. Fails with `repeated-ids` if the labels of the index record say something else.
   */
  #numberedByOrder(index: RecordIndex): RecordIndex {
    const images = index.offsets.findIndex((offset) => this.readAt(offset).payload.length === 0);
    if (images < 0) return index.renumbered((place) => place);
    const { label } = this.readAt(index.offsetAt(images) ?? 0);
    const [first, end] = typeof label === 'number' ? [] : label;
    if (first !== Math.fround(images + 1) || end !== Math.fround(index.size)) {
      fail(failures.repeatedIds({}, { file: this.path }));
    }
    return index.renumbered((place) => (place === images ? 0 : place < images ? place + 1 : place));
  }

  /**
   * Where the next record may begin, from `offset` on: the magic word at a multiple of 4, and a whole record or the first part
   * of one behind it that fits into the file. The size of the file if nothing follows.
   */
  nextStart(offset: number): number {
    for (let at = Math.ceil(offset / 4) * 4; at < this.size; at += searchedBytes) {
      const wanted = Math.min(searchedBytes, this.size - at);
      // A copy: reading a header at what is found replaces the buffer.
      const bytes = Buffer.from(this.#bytesAt(at, wanted).subarray(0, wanted));
      for (let found = bytes.indexOf(magicBytes); found >= 0; found = bytes.indexOf(magicBytes, found + 1)) {
        if (found % 4 === 0 && this.#mayBegin(at + found)) return at + found;
      }
    }
    return this.size;
  }

  #mayBegin(offset: number): boolean {
    const head = Buffer.allocUnsafe(frameHeaderBytes);
    try {
      const { part } = this.#decodeHeader(head.subarray(0, this.#read(offset, head)), offset);
      return part === 'whole' || part === 'first';
    } catch (error) {
      if (error instanceof FailureError) return false;
      throw error;
    }
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
