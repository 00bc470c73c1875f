import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../base/atomic-file.ts';
import { encodeIndexLine } from './index-file.ts';
import { encodeRecordInto, framedBytes } from './record-io.ts';
import { encodeImageRecord, type ImageRecord } from './record-header.ts';

/** A file under a temporary name that is written in large pieces and appears under its own name when it is whole. */
class GrowingFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  #buffer = Buffer.allocUnsafe(1 << 20);
  #filled = 0;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${String(process.pid)}.tmp`;
    this.#descriptor = openSync(this.#temporary, 'w');
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
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
    renameSync(this.#temporary, this.#path);
  }

  abandon(): void {
    closeSync(this.#descriptor);
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    for (let written = 0; written < this.#filled;) {
      written += writeSync(this.#descriptor, this.#buffer, written, this.#filled - written);
    }
    this.#filled = 0;
  }
}

/** Writes a .rec file and its .idx beside it in constant memory; both appear when {@link finish} has made them durable. */
export class RecordWriter {
  readonly #records: GrowingFile;
  readonly #index: GrowingFile;
  readonly #folder: string;
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
    this.writePayload(record.id, encodeImageRecord(record));
  }

  /** Writes any bytes as the record with this id. */
  writePayload(id: number, payload: Uint8Array): void {
    const line = encodeIndexLine(id, this.#offset);
    this.#index.append(line.length, (target, position) => target.write(line, position, 'latin1'));
    const bytes = framedBytes(payload);
    this.#records.append(bytes, (target, position) => encodeRecordInto(target, position, payload));
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
