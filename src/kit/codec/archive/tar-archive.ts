import { closeSync, readSync } from 'node:fs';
import type { Codec } from '../codec.ts';
import { Cursor } from '../cursor.ts';
import { counted } from '../../../core/human.ts';
import { endingsOf, type Description } from '../description.ts';
import { openForReading } from '../read-file.ts';
import { blockBytes, paddingOf, TarHeaders, typeOf, type TarEntry } from './tar-headers.ts';

const flagOf = { file: '0', folder: '5', link: '2', other: '3' } as const;

export const tarArchive: Codec<readonly TarEntry[]> = {
  name: 'tar-archive',
  title: 'tar archive',
  summary: 'Many files in one; WebDataset shards are such.',
  endings: ['.tar'],
  sniff: (head) => Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar',
  decode(cursor) {
    const entries: TarEntry[] = [];
    const reader = new TarHeaders();
    while (cursor.remaining > 0) {
      const at = cursor.offset;
      const header = reader.next(cursor.take(blockBytes, 'a header block'), cursor, at);
      if (header === undefined) break;
      const content = cursor.take(header.size, `the content of ${header.name}`);
      cursor.take(Math.min(paddingOf(header.size), cursor.remaining), 'padding');
      if (reader.absorb(header, content, cursor, at)) continue;
      entries.push({ name: header.name, type: typeOf(header.flag), content });
    }
    return entries;
  },
  describeFile: describeTar,
  encode(entries) {
    const blocks = entries.flatMap(({ name, type, content }) => [
      ...longName(name),
      headerBlock(name, flagOf[type], content.length),
      content,
      Buffer.alloc(paddingOf(content.length)),
    ]);
    return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
  },
};

function longName(name: string): Uint8Array[] {
  const bytes = Buffer.from(`${name}\0`);
  if (bytes.length <= 100) return [];
  return [headerBlock('././@LongLink', 'L', bytes.length), bytes, Buffer.alloc(paddingOf(bytes.length))];
}

function headerBlock(name: string, flag: string, size: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(name.slice(0, 100), 0, 100, 'utf8');
  block.write('0000644\0' + '0000000\0' + '0000000\0', 100, 'latin1');
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  block.write('00000000000\0', 136, 'latin1');
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(flag, 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** One entry of a tar archive, and where its content is. */
export interface TarMember {
  readonly name: string;
  readonly type: TarEntry['type'];
  readonly offset: number;
  readonly size: number;
}

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

function describeTar(path: string): Description {
  const archive = new TarFile(path);
  try {
    const members = [...archive.members()].map(({ name, type, size }) => ({ name, type, size }));
    const files = members.filter(({ type }) => type === 'file');
    const samples = new Set(files.map(({ name }) => name.replace(/\.[^/]*$/, '')));
    const others = members.length - files.length;
    return {
      facts: [
        { name: 'files', value: files.length },
        { name: 'samples', value: `${String(samples.size)} (names up to the first dot)` },
        { name: 'endings', value: endingsOf(files.map(({ name }) => name)) },
      ],
      notes: others > 0 ? [`${counted(others, 'entry', 'entries')} are folders, links or others.`] : [],
    };
  } finally {
    archive.close();
  }
}
