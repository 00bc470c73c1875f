import { closeSync, existsSync, readdirSync, readSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fail } from '../base/failure.ts';
import { Cursor } from './cursor.ts';
import { isPictureName } from './image-folder.ts';
import { openForReading } from './read-file.ts';
import { paddingOf, TarHeaders, typeOf } from './tar-archive.ts';

/*
 * WebDataset shards (github.com/webdataset/webdataset, "The WebDataset Format"): tape archives in which neighbouring
 * files whose names are equal up to the first dot of the base name make one sample: `000/12.jpg`, `000/12.cls`.
 */

/** A picture that lies in an archive. */
export interface ShardPicture {
  /** Path within the archive. */
  readonly name: string;
  /** Where its bytes start in the archive. */
  readonly offset: number;
  readonly size: number;
  /** What the `.cls` file beside it says; undefined where there is none. */
  readonly label: number | undefined;
  /** Name of the folder within the archive; empty: none. */
  readonly folder: string;
}

interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const blockBytes = 512;
/** A class is a number of a few digits, an extended header a name. */
const maxSmallBytes = 1 << 20;

/** The shards that `path` is or holds, sorted by name; undefined where it is a folder without archives. */
export function findShards(path: string): string[] | undefined {
  if (!existsSync(path)) return undefined;
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => extname(name).toLowerCase() === '.tar' && !name.startsWith('.'));
  return names.length === 0 ? undefined : names.sort().map((name) => join(path, name));
}

/** The pictures of a shard in their order; their bytes are passed over, not read. */
export function* readShard(path: string): Generator<ShardPicture> {
  const { descriptor, size } = openForReading(path, 'tar archive');
  const file = new ShardFile(path, descriptor, size);
  try {
    let sample: TarMember[] = [];
    for (const member of file.members()) {
      if (sample[0] !== undefined && keyOf(member.name) !== keyOf(sample[0].name)) {
        yield* pictureOf(sample, file);
        sample = [];
      }
      sample.push(member);
    }
    yield* pictureOf(sample, file);
  } finally {
    closeSync(descriptor);
  }
}

function* pictureOf(sample: readonly TarMember[], file: ShardFile): Generator<ShardPicture> {
  const [first] = sample;
  if (first === undefined) return;
  const picture = sample.find(({ name }) => isPictureName(`x.${extensionOf(name)}`));
  if (picture === undefined) {
    fail({
      code: 'sample-without-picture',
      message: `the sample ${keyOf(first.name)} has no picture, only ${sample.map(({ name }) => extensionOf(name)).join(', ')}`,
      at: { file: file.path, offset: first.offset },
    });
  }
  const label = sample.find(({ name }) => extensionOf(name) === 'cls');
  const folder = picture.name.split('/').at(-2) ?? '';
  yield {
    ...picture,
    folder: folder === '.' ? '' : folder,
    label: label === undefined ? undefined : file.number(label),
  };
}

/** Path and base name up to its first dot. */
function keyOf(name: string): string {
  return name.slice(0, name.length - extensionOf(name).length);
}

/** What follows the first dot of the base name, in small letters. */
function extensionOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const dot = base.indexOf('.');
  return dot < 0 ? '' : base.slice(dot + 1).toLowerCase();
}

/** An open archive of any size, of which headers are read and contents passed over. */
class ShardFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #size: number;

  constructor(path: string, descriptor: number, size: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#size = size;
  }

  *members(): Generator<TarMember> {
    const headers = new TarHeaders();
    for (let at = 0; at < this.#size;) {
      const block = this.#read(at, blockBytes, 'a header block');
      const cursor = new Cursor(block, this.path, at);
      const header = headers.next(block, cursor, at);
      if (header === undefined) return;
      const offset = at + blockBytes;
      if (offset + header.size > this.#size) cursor.damaged(`${header.name} is longer than the archive`, at);
      if ('LKxg'.includes(header.flag)) {
        headers.absorb(header, this.#read(offset, header.size, 'an extended header'), cursor, at);
      } else if (typeOf(header.flag) === 'file') yield { name: header.name, offset, size: header.size };
      at = offset + header.size + paddingOf(header.size);
    }
  }

  /** The whole number that a small text file holds. */
  number({ name, offset, size }: TarMember): number {
    const text = Buffer.from(this.#read(offset, size, name))
      .toString('latin1')
      .trim();
    if (/^\d{1,15}$/.test(text)) return Number(text);
    return fail({
      code: 'damaged-file',
      message: `${name} should hold the number of a class, found ${JSON.stringify(text.slice(0, 40))}`,
      at: { file: this.path, offset },
    });
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
