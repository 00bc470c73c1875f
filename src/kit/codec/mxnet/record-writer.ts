import { closeSync, fdatasync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPath } from '../../../core/atomic-file.ts';
import { encodeIndexLine } from './index-file.ts';
import {
  encodeFrameAround,
  encodeRecordInto,
  frameHeaderBytes,
  framedBytes,
  holdsMagic,
  requireFitting,
  splitAtMagic,
} from './record-frame.ts';
import { encodeImageRecordInto, imageRecordBytes, type ImageRecord } from './image-record.ts';

/** A file under a temporary name that is written in large pieces and appears under its own name when it is whole. */
class GrowingFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  readonly #writeBack: WriteBack;
  #buffer = Buffer.allocUnsafeSlow(1 << 20);
  #filled = 0;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${String(process.pid)}.tmp`;
    this.#descriptor = openSync(this.#temporary, 'w');
    this.#writeBack = new WriteBack(this.#temporary);
  }

  /** Makes room for `bytes` bytes. They are written at {@link position} of {@link buffer} before {@link append} takes them. */
  reserve(bytes: number): void {
    if (this.#filled + bytes > this.#buffer.length) this.#flush();
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  get position(): number {
    return this.#filled;
  }

  append(bytes: number): void {
    this.#filled += bytes;
  }

  finish(): void {
    this.#flush();
    this.#writeBack.end();
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
    renameSync(this.#temporary, this.#path);
  }

  abandon(): void {
    this.#writeBack.end();
    closeSync(this.#descriptor);
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    for (let written = 0; written < this.#filled;) {
      written += writeSync(this.#descriptor, this.#buffer, written, this.#filled - written);
    }
    this.#writeBack.wrote(this.#filled);
    this.#filled = 0;
  }
}

/** Pieces in which a file goes to the disk while it still grows. */
const writeBackBytes = 8 << 20;

/**
 * Has the disk write what there is of a file, in the background, so that little is left for the fsync at the end. It has a
 * descriptor of its own: the last fsync, on the other one, still reports every error, so none is looked at here.
 */
class WriteBack {
  readonly #descriptor: number;
  #waiting = 0;
  #isBusy = false;
  #hasEnded = false;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r+');
  }

  wrote(bytes: number): void {
    this.#waiting += bytes;
    if (this.#isBusy || this.#waiting < writeBackBytes) return;
    this.#waiting = 0;
    this.#isBusy = true;
    fdatasync(this.#descriptor, () => {
      this.#isBusy = false;
      if (this.#hasEnded) closeSync(this.#descriptor);
    });
  }

  end(): void {
    this.#hasEnded = true;
    if (!this.#isBusy) closeSync(this.#descriptor);
  }
}

/** Writes a .rec file and its .idx next to it in constant memory; both appear when {@link finish} has made them durable. */
export class RecordWriter {
  readonly #records: GrowingFile;
  readonly #index: GrowingFile;
  readonly #path: string;
  readonly #folder: string;
  #offset = 0;

  constructor(recordPath: string, indexPath: string) {
    this.#path = recordPath;
    this.#folder = dirname(recordPath);
    this.#records = new GrowingFile(recordPath);
    this.#index = new GrowingFile(indexPath);
  }

  /** Bytes written so far: the offset of the next record. */
  get offset(): number {
    return this.#offset;
  }

  write(record: ImageRecord): void {
    const bytes = imageRecordBytes(record);
    requireFitting(bytes, this.#path);
    this.#records.reserve(frameHeaderBytes + bytes + 3);
    const { buffer, position } = this.#records;
    const start = position + frameHeaderBytes;
    encodeImageRecordInto(buffer, start, record);
    const payload = buffer.subarray(start, start + bytes);
    // A payload without the magic word, as nearly every one, stays where it is.
    if (holdsMagic(payload)) this.writePayload(record.id, Uint8Array.from(payload));
    else this.#append(record.id, encodeFrameAround(buffer, position, bytes));
  }

  /** Writes any bytes as the record with this id. */
  writePayload(id: number, payload: Uint8Array): void {
    const pieces = splitAtMagic(payload);
    const bytes = framedBytes(pieces);
    this.#records.reserve(bytes);
    encodeRecordInto(this.#records.buffer, this.#records.position, pieces);
    this.#append(id, bytes);
  }

  #append(id: number, bytes: number): void {
    this.#records.append(bytes);
    const line = encodeIndexLine(id, this.#offset);
    this.#index.reserve(line.length);
    this.#index.buffer.write(line, this.#index.position, 'latin1');
    this.#index.append(line.length);
    this.#offset += bytes;
  }

  /** fsync and rename, records first: an index is never next to records it does not belong to. */
  finish(): void {
    this.#records.finish();
    this.#index.finish();
    syncPath(this.#folder);
  }

  /** Removes what was written. */
  abandon(): void {
    this.#records.abandon();
    this.#index.abandon();
  }
}
