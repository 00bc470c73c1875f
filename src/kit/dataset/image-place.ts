import { closeSync, readSync } from 'node:fs';
import { RecordFile } from '../codec/mxnet/record-file.ts';
import { openForReading } from '../codec/read-file.ts';
import { readImageFile } from '../image/image-file.ts';

/** Where the bytes of an encoded image are, as data: another thread can read them. */
export type ImagePlace =
  | { readonly kind: 'file'; readonly file: string }
  /** A record of a packed set, whose frame starts at `offset`. */
  | { readonly kind: 'record'; readonly file: string; readonly offset: number }
  /** Part of a larger file, such as a tape archive. */
  | { readonly kind: 'part'; readonly file: string; readonly offset: number; readonly size: number };

/** Reads images from their places; keeps the large file open that the last one was in. */
export class ImagePlaceReader {
  #records: RecordFile | undefined;
  #archive: { readonly file: string; readonly descriptor: number } | undefined;

  /** Encoded bytes, valid until the next read. Fails with `missing-image`, `missing-file` and what records are damaged by. */
  read(place: ImagePlace): Uint8Array {
    switch (place.kind) {
      case 'file':
        return readImageFile(place.file);
      case 'record':
        return this.#recordsOf(place.file).readAt(place.offset).payload;
      case 'part': {
        const bytes = Buffer.alloc(place.size);
        const got = readSync(this.#archiveOf(place.file), bytes, 0, place.size, place.offset);
        return bytes.subarray(0, got);
      }
    }
  }

  close(): void {
    this.#records?.close();
    this.#records = undefined;
    if (this.#archive !== undefined) closeSync(this.#archive.descriptor);
    this.#archive = undefined;
  }

  #recordsOf(file: string): RecordFile {
    if (this.#records?.path === file) return this.#records;
    this.#records?.close();
    return (this.#records = new RecordFile(file));
  }

  #archiveOf(file: string): number {
    if (this.#archive?.file === file) return this.#archive.descriptor;
    if (this.#archive !== undefined) closeSync(this.#archive.descriptor);
    this.#archive = undefined;
    const { descriptor } = openForReading(file, 'tar archive');
    this.#archive = { file, descriptor };
    return descriptor;
  }
}
