import { posix } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { Cursor } from '../../src/kit/codec/cursor.ts';
import { paddingOf, TarHeaders, typeOf, type TarHeader } from '../../src/kit/codec/archive/tar-headers.ts';
import { failures } from './failures.ts';
import type { UnpackTarget } from './unpack-target.ts';

const blockBytes = 512;
/** Names and the like; more can only be damage. */
const maxExtensionBytes = 1 << 20;

/** Unpacks a tape archive from a stream of its bytes, in memory that does not depend on its size. */
export async function unpackTar(
  { chunks, file }: { readonly chunks: AsyncIterable<Buffer>; readonly file: string },
  target: UnpackTarget,
  onEntry: () => Promise<void> | undefined,
): Promise<void> {
  const source = new ChunkSource(chunks, file);
  const headers = new TarHeaders();
  for (;;) {
    const at = source.offset;
    if (await source.isAtEnd()) break;
    const block = await source.take(blockBytes, 'a header block');
    const cursor = new Cursor(block, file, at);
    const header = headers.next(block, cursor, at);
    if (header === undefined) break;
    if ('LKxg'.includes(header.flag)) {
      if (header.size > maxExtensionBytes) cursor.damaged(`an extended header claims ${header.size} bytes`, at);
      headers.absorb(header, await source.take(header.size, 'an extended header'), cursor, at);
    } else {
      await place(header, source, target);
      await onEntry();
    }
    await source.skip(paddingOf(header.size));
  }
  target.finish();
  await source.drain();
}

async function place(header: TarHeader, source: ChunkSource, target: UnpackTarget): Promise<void> {
  const { name, size, flag, link } = header;
  switch (typeOf(flag)) {
    case 'file': {
      const file = target.addFile(name);
      try {
        for await (const piece of source.pieces(size, `the content of ${name}`)) file.write(piece);
      } finally {
        file.close();
      }
      return;
    }
    case 'folder':
      target.addFolder(name);
      break;
    case 'link':
      // A hard link counts from the top of the archive, a symbolic one from where it stands.
      target.addLink(name, flag === '1' || posix.isAbsolute(link) ? link : posix.join(posix.dirname(name), link));
      break;
    case 'other':
      target.refuse(name, `is a special file (type ${JSON.stringify(flag)}), which no data set needs`);
  }
  await source.skip(size);
}

/** Bytes in pieces as they come, taken in pieces as they are needed. */
class ChunkSource {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #file: string;
  #current: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(chunks: AsyncIterable<Buffer>, file: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#file = file;
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#current.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return true;
      this.#current = next.value;
    }
    return false;
  }

  async *pieces(length: number, what: string): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (await this.isAtEnd()) this.#truncated(what, left);
      const piece = this.#current.subarray(0, left);
      this.#current = this.#current.subarray(piece.length);
      this.#offset += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  async take(length: number, what: string): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(length, what)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (await this.isAtEnd()) this.#truncated('this entry', left);
      const dropped = Math.min(left, this.#current.length);
      this.#current = this.#current.subarray(dropped);
      this.#offset += dropped;
      left -= dropped;
    }
  }

  /** Reads what follows the archive, so that a damaged compression shows. */
  async drain(): Promise<void> {
    while (!(await this.isAtEnd())) this.#current = Buffer.alloc(0);
  }

  #truncated(what: string, left: number): never {
    fail(failures.truncatedArchive({ what, missing: left }, { file: this.#file, offset: this.#offset }));
  }
}
