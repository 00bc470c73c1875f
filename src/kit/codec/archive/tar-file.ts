import { closeSync, readSync } from 'node:fs';
import { Cursor } from '../cursor.ts';
import { openForReading } from '../read-file.ts';
import { paddingOf, TarHeaders, typeOf, type TarEntry } from './tar-archive.ts';

/** One entry of a tar archive, and where its content lies. */
export interface TarMember {
  readonly name: string;
  readonly type: TarEntry['type'];
  readonly offset: number;
  readonly size: number;
}

const blockBytes = 512;
/** A class is a number of a few digits, an extended header a name. */
const maxSmallBytes = 1 << 20;

/** An open archive of any size, of which headers are read and contents passed over. */
export class TarFile {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;

  constructor(path: string) {
    this.path = path;
    const { descriptor, size } = openForReading(path, 'tar archive');
    this.#descriptor = descriptor;
    this.size = size;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  *members(): Generator<TarMember> {
    const headers = new TarHeaders();
    for (let at = 0; at < this.size;) {
      const block = this.#read(at, blockBytes, 'a header block');
      const cursor = new Cursor(block, this.path, at);
      const header = headers.next(block, cursor, at);
      if (header === undefined) return;
      const offset = at + blockBytes;
      if (offset + header.size > this.size) {
        new Cursor(new Uint8Array(0), this.path, offset).truncated(`the content of ${header.name}`, header.size);
      }
      const { name, size, flag } = header;
      if ('LKxg'.includes(flag)) headers.absorb(header, this.#read(offset, size, 'an extended header'), cursor, at);
      else yield { name, type: typeOf(flag), offset, size };
      at = offset + size + paddingOf(size);
    }
  }

  /** The content of a small entry. */
  content({ name, offset, size }: TarMember): Uint8Array {
    return this.#read(offset, size, name);
  }

  #read(offset: number, length: number, what: string): Uint8Array {
    const cursor = new Cursor(new Uint8Array(0), this.path, offset);
    if (length > maxSmallBytes) cursor.damaged(`${what} claims ${length} bytes`, offset);
    const bytes = Buffer.alloc(length);
    const got = readSync(this.#descriptor, bytes, 0, length, offset);
    if (got < length) new Cursor(bytes.subarray(0, got), this.path, offset).truncated(what, length);
    return bytes;
  }
}
