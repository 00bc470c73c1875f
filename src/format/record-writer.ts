import { closeSync, fdatasync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../base/atomic-file.ts';
import { encodeIndexLine } from './index-file.ts';
import { encodeRecordInto, framedBytes, splitAtMagic } from './record-io.ts';
import { encodeImageRecordInto, imageRecordBytes, type ImageRecord } from './record-header.ts';

/** A file under a temporary name that is written in large pieces and appears under its own name when it is whole. */
class GrowingFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  readonly #writeBack: WriteBack;
  #buffer = Buffer.allocUnsafe(1 << 20);
  #filled = 0;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${String(process.pid)}.tmp`;
    this.#descriptor = openSync(this.#temporary, 'w');
    this.#writeBack = new WriteBack(this.#temporary);
  }

  /** Room for `bytes` bytes; `fill` writes them at the given position. */
  append(bytes: number, fill: (target: Buffer, position: number) => void): void {
    if (this.#filled + bytes > this.#buffer.length) this.#flush();
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(bytes);
    fill(this.#buffer, this.#filled);
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

/** Writes a .rec file and its .idx beside it in constant memory; both appear when {@link finish} has made them durable. */
export class RecordWriter {
  readonly #records: GrowingFile;
  readonly #index: GrowingFile;
  readonly #folder: string;
  /** Room for one record, kept from one to the next. */
  #encoded = Buffer.allocUnsafe(1 << 16);
  #offset = 0;

  constructor(recordPath: string, indexPath: string) {
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
    if (bytes > this.#encoded.length) this.#encoded = Buffer.allocUnsafe(2 * bytes);
    encodeImageRecordInto(this.#encoded, record);
    this.writePayload(record.id, this.#encoded.subarray(0, bytes));
  }

  /** Writes any bytes as the record with this id. */
  writePayload(id: number, payload: Uint8Array): void {
    const line = encodeIndexLine(id, this.#offset);
    this.#index.append(line.length, (target, position) => target.write(line, position, 'latin1'));
    const pieces = splitAtMagic(payload);
    const bytes = framedBytes(pieces);
    this.#records.append(bytes, (target, position) => encodeRecordInto(target, position, pieces));
    this.#offset += bytes;
  }

  /** fsync and rename, records first: an index never stands beside records it does not belong to. */
  finish(): void {
    this.#records.finish();
    this.#index.finish();
    syncFolder(this.#folder);
  }

  /** Removes what was written. */
  abandon(): void {
    this.#records.abandon();
    this.#index.abandon();
  }
}
