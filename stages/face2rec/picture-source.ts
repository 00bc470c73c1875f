import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import type { FolderListing } from '../../src/kit/dataset/image-folder.ts';
import { readPackingList, type FaceEntry, type IndexedEntry } from '../../src/kit/codec/insightface/packing-list.ts';
import { readShard } from '../../src/kit/dataset/tar-shard.ts';

/** One picture to pack, as a folder or a list names it. */
export interface Picture {
  readonly path: string;
  /** Where it lies in the archive at `path`; undefined: `path` is the picture. */
  readonly within?: { readonly name: string; readonly offset: number; readonly size: number };
  /** Class, from 0. */
  readonly label: number;
  /** Name of the folder the picture lies in. */
  readonly identity: string;
  /** It is the final crop already; otherwise it is aligned while packing. */
  readonly aligned: boolean;
  readonly box?: readonly [number, number, number, number];
  /** Five x, then five y. */
  readonly points?: readonly number[];
  /** Line of the list. */
  readonly line?: number;
}

/** Pictures in the order in which they are packed. Can be gone through several times; memory does not grow with their number. */
export type PictureSource = () => Iterable<Picture>;

/** Every picture of a folder, identities labelled from 0 in the order of their names. */
export function picturesOfFolder(listing: FolderListing, aligned: boolean): PictureSource {
  return function* () {
    for (const [label, identity] of listing.identities.entries()) {
      const folder = join(listing.folder, identity);
      for (const file of listing.pictures(identity)) {
        // The names are single ones: joining them by hand costs a tenth of normalising every path.
        yield { path: `${folder}${sep}${file}`, label, identity, aligned };
      }
    }
  };
}

/**
 * The pictures of WebDataset shards, in their order. Labels are those of the `.cls` files; where there are none,
 * identities are the folders within the archives, labelled from 0 in the order of their names.
 */
export function picturesOfShards(shards: readonly string[], aligned: boolean): PictureSource {
  const labels = labelsOfFolders(shards);
  return function* () {
    for (const path of shards) {
      for (const { label, folder, ...within } of readShard(path)) {
        const known = labels === undefined ? label : labels.get(folder);
        if (known === undefined) refuseUnlabelled(path, within);
        const identity = labels === undefined ? String(label) : folder;
        yield { path, within, label: known, identity, aligned };
      }
    }
  };
}

/** Undefined where the pictures have labels of their own. */
function labelsOfFolders(shards: readonly string[]): ReadonlyMap<string, number> | undefined {
  const names = new Set<string>();
  for (const path of shards) {
    for (const { label, folder, ...within } of readShard(path)) {
      if (label !== undefined) return undefined;
      if (folder === '') refuseUnlabelled(path, within);
      names.add(folder);
    }
  }
  return new Map([...names].sort().map((name, label) => [name, label]));
}

function refuseUnlabelled(file: string, { name, offset }: NonNullable<Picture['within']>): never {
  fail({
    code: 'unlabelled-sample',
    message: `nothing says who ${name} shows: there is no .cls file beside it, and other pictures have one or it lies in no folder`,
    at: { file, offset },
    hint: 'Put a .cls file beside every picture, or leave them out and have a folder per identity.',
  });
}

/** The pictures of a list; its relative paths are relative to the folder of pictures. */
export function picturesOfList(list: string, folder: string): PictureSource {
  return function* () {
    for (const entry of readPackingList(list)) yield pictureOf(entry, folder);
  };
}

function pictureOf(entry: FaceEntry | IndexedEntry, folder: string): Picture {
  const { path, line } = entry;
  const place = {
    path: isAbsolute(path) ? path : join(folder, path),
    identity: basename(dirname(path)),
    line,
  };
  if ('labels' in entry) return { ...place, label: entry.labels[0] ?? 0, aligned: true };
  const { label, aligned, box, points } = entry;
  return {
    ...place,
    label,
    aligned,
    ...(box === undefined ? {} : { box }),
    ...(points === undefined ? {} : { points }),
  };
}
