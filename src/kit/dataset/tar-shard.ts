import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { failures } from './failures.ts';
import { isImageName } from './image-folder.ts';
import { findArchive } from '../codec/archive/archive-kind.ts';
import { requireNoFile } from './require-folder.ts';
import { TarFile, type TarMember } from '../codec/archive/tar-archive.ts';

/*
 * WebDataset shards (github.com/webdataset/webdataset, "The WebDataset Format"): tape archives in which neighbouring
 * files whose names are equal up to the first dot of the base name make one sample: `000/12.jpg`, `000/12.cls`.
 */

/** An image in an archive. */
export interface ShardImage {
  /** Path within the archive. */
  readonly name: string;
  /** Where its bytes start in the archive. */
  readonly offset: number;
  readonly size: number;
  /** Class in the `.cls` file next to it; undefined without one. */
  readonly label: number | undefined;
  /** Name of the folder within the archive; empty: none. */
  readonly folder: string;
}

/** The shards that `path` is or holds, sorted by name; undefined where it is a folder without archives. Fails with `not-a-folder` for a file that is no shard. */
export function findShards(path: string): string[] | undefined {
  if (!existsSync(path)) return undefined;
  if (!statSync(path).isDirectory()) {
    if (findArchive(path)?.kind !== 'tar' && extname(path).toLowerCase() !== '.tar') requireNoFile(path);
    return [path];
  }
  const names = readdirSync(path).filter((name) => extname(name).toLowerCase() === '.tar' && !name.startsWith('.'));
  return names.length === 0 ? undefined : names.sort().map((name) => join(path, name));
}

/** The images of a shard in their order; their bytes are passed over, not read. */
export function* readShard(path: string): Generator<ShardImage> {
  const file = new TarFile(path);
  try {
    let sample: TarMember[] = [];
    for (const member of file.members()) {
      if (member.type !== 'file') continue;
      if (sample[0] !== undefined && keyOf(member.name) !== keyOf(sample[0].name)) {
        yield* imageOf(sample, file);
        sample = [];
      }
      sample.push(member);
    }
    yield* imageOf(sample, file);
  } finally {
    file.close();
  }
}

function* imageOf(sample: readonly TarMember[], file: TarFile): Generator<ShardImage> {
  const [first] = sample;
  if (first === undefined) return;
  const names = sample.map(({ name }) => name);
  const at = { file: file.path, offset: first.offset };
  if (new Set(names).size < names.length) fail(failures.namesTwice({ names }, at));
  // `a.b.jpg` has the extension `b.jpg` in a shard; what is at the end tells whether it is an image.
  const images = sample.filter(({ name }) => isImageName(name));
  const labels = sample.filter(({ name }) => extensionOf(name) === 'cls');
  if (images.length === 0) fail(failures.sampleWithoutImage({ names }, at));
  // Without a class it is no shard but a folder put into an archive, whose names may have dots.
  if (images.length > 1 && labels.length > 0) fail(failures.severalImages({ names }, at));
  const [label] = labels.map((each) => classIn(each, file));
  for (const { name, offset, size } of images) {
    const folder = name.split('/').at(-2) ?? '';
    yield { name, offset, size, folder: folder === '.' ? '' : folder, label };
  }
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

/** The integer that a small text file holds. */
function classIn(member: TarMember, file: TarFile): number {
  const text = Buffer.from(file.content(member)).toString('latin1').trim();
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const facts = { name: member.name, found: text.slice(0, 40) };
  return fail(failures.classNotANumber(facts, { file: file.path, offset: member.offset }));
}
