import { closeSync, readSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import type { FolderListing } from '../../src/kit/dataset/image-folder.ts';
import { readPackingList, type FaceEntry, type IndexedEntry } from '../../src/kit/codec/insightface/packing-list.ts';
import { openForReading } from '../../src/kit/codec/read-file.ts';
import { readImageFile, type ReusableBuffer } from '../../src/kit/image/image-file.ts';
import type { ImageOrigin } from '../../src/kit/image/image.ts';
import { readShard } from '../../src/kit/dataset/tar-shard.ts';
import { failures } from './failures.ts';

/** One image to pack, as a folder or a list names it. */
export interface SourceImage {
  readonly path: string;
  /** Where it is in the archive at `path`; undefined: `path` is the image. */
  readonly within?: { readonly name: string; readonly offset: number; readonly size: number };
  /** Class, from 0. */
  readonly label: number;
  /** Name of the folder of the image. */
  readonly identity: string;
  /** It is the final crop already; otherwise it is aligned while packing. */
  readonly aligned: boolean;
  readonly box?: readonly [number, number, number, number];
  /** Five x, then five y. */
  readonly points?: readonly number[];
  /** Line of the list. */
  readonly line?: number;
}

/** Images in the order in which they are packed. Can be iterated several times; memory does not grow with their number. */
export type ImageSource = () => Iterable<SourceImage>;

/** Every image of a folder, identities labelled from 0 in the order of their names; folders without images get no label. */
export function imagesOfFolder(listing: FolderListing, aligned: boolean): ImageSource {
  return function* () {
    let label = 0;
    for (const identity of listing.identities) {
      const folder = join(listing.folder, identity);
      let images = 0;
      for (const file of listing.images(identity)) {
        images += 1;
        // Names have no separators: joining them by hand costs a tenth of normalising every path.
        yield { path: `${folder}${sep}${file}`, label, identity, aligned };
      }
      // A class without images would be trained and never seen.
      if (images > 0) label += 1;
    }
  };
}

/**
 * The images of WebDataset shards, in their order. Labels are those of the `.cls` files; if there are none, identities
 * are the folders within the archives, labelled from 0 in the order of their names. Fails with `unlabelled-sample`.
 */
export function imagesOfShards(shards: readonly string[], aligned: boolean): ImageSource {
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

/** Undefined if the images have labels of their own. */
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

function refuseUnlabelled(file: string, { name, offset }: NonNullable<SourceImage['within']>): never {
  fail(failures.unlabelledSample({ name }, { file, offset }));
}

/** The images of a list; its relative paths are relative to the folder of images. */
export function imagesOfList(list: string, folder: string): ImageSource {
  return function* () {
    for (const entry of readPackingList(list)) {
      if ('labels' in entry && entry.labels.length > 1) refuseLabels(entry, list);
      yield imageOf(entry, folder);
    }
  };
}

/** A packed image has a class; the other labels would be lost. */
function refuseLabels({ labels, line }: IndexedEntry, file: string): never {
  fail(failures.severalLabels({ labels }, { file, line, column: 1, length: 1 }));
}

function imageOf(entry: FaceEntry | IndexedEntry, folder: string): SourceImage {
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

export interface LoadedImage {
  readonly bytes: Uint8Array;
  readonly origin: ImageOrigin;
}

/** The bytes of an image; they may be in `buffer`, where the next image replaces them. */
export function loadImage({ path, within }: SourceImage, buffer: ReusableBuffer): LoadedImage {
  if (within === undefined) return { bytes: readImageFile(path, buffer), origin: { file: path } };
  const { descriptor } = openForReading(path, 'tar archive');
  try {
    const bytes = Buffer.alloc(within.size);
    const got = readSync(descriptor, bytes, 0, within.size, within.offset);
    return { bytes: bytes.subarray(0, got), origin: { file: path, offset: within.offset, what: within.name } };
  } finally {
    closeSync(descriptor);
  }
}

/** What messages call an image. */
export function imageName({ path, within }: SourceImage): string {
  return within === undefined ? path : `${path}: ${within.name}`;
}
