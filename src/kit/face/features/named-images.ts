import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fail, type TextLocation } from '../../../core/failure.ts';
import { packingList, readPackingList } from '../../codec/insightface/packing-list.ts';
import { devkitList } from '../../codec/megaface/devkit-list.ts';
import { decodeFile, readHead } from '../../codec/read-file.ts';
import type { ImagePlace } from '../../dataset/image-place.ts';
import { ImagePlaceReader } from '../../dataset/image-place.ts';
import { imageAt, isImageName } from '../../dataset/image-folder.ts';
import { imageTree } from '../../dataset/image-tree.ts';
import { PackedDataset } from '../../dataset/packed-dataset.ts';
import { findShards, readShard } from '../../dataset/tar-shard.ts';
import type { EncodedImage } from '../decode-batch.ts';
import type { ImageSequence } from '../embed-images.ts';
import { failures } from './failures.ts';

/** Images that get a row each. */
export interface NamedImages extends ImageSequence {
  /** Images that get no row, since they are not in the folder of an identity. */
  readonly passedOver: readonly string[];
  /** Names of images that were found to be unreadable before any was asked for, and are none of these. */
  readonly unreadable: readonly string[];
  /** What names.txt calls it. */
  nameAt(index: number): string;
  close(): void;
}

/** Where images come from: one of `images` and `dataset`. */
export interface ImageSources {
  /** A folder with sub-folders at any depth, a tape archive or a folder of them, or the folder that the paths of the list start at. */
  readonly images?: string | undefined;
  /** Which of the images, in which order: a packing list, or a list of MegaFace's development kit. */
  readonly list?: string | undefined;
  /** A packed set: its folder, or one that was opened without what cannot be read; closing the images closes it. */
  readonly dataset?: string | PackedDataset | undefined;
}

export interface NamingRules {
  /**
   * Names end with so many parts of the path, folders and file name, as the development kit has them: 2 for FaceScrub, 3 for
   * MegaFace. An image of a packed set is called `<class>/<number>`. Default: the whole path, or the number alone.
   */
  readonly parts?: number;
  /** Names become paths of files: a list whose paths lead upwards is refused. */
  readonly areFiles?: boolean;
}

/**
 * The images that the inputs mean. Fails with `no-images` if they name none, or name them twice, with
 * `image-not-aligned`, and with `name-outside` if files would be named after paths that lead out of their folder.
 */
export function namedImages({ images, list, dataset }: ImageSources, rules: NamingRules = {}): NamedImages {
  if (dataset !== undefined) {
    if (images === undefined && list === undefined) return ofDataset(dataset, rules);
    return refuse('the input dataset cannot be combined with images or list');
  }
  if (images === undefined) return refuse('one of the inputs images and dataset is needed');
  if (list !== undefined) return ofList(list, images, rules);
  const shards = findShards(images);
  return shards === undefined ? ofFolder(images, rules) : ofShards(shards, images, rules);
}

/** An image before it is read. */
interface Place {
  readonly path: string;
  readonly place: ImagePlace;
}

function ofFolder(folder: string, rules: NamingRules): NamedImages {
  const [places, passedOver]: [Place[], string[]] = [[], []];
  for (const path of imageTree(folder)) {
    if (!path.includes('/')) passedOver.push(path);
    else places.push({ path, place: { kind: 'file', file: join(folder, path) } });
  }
  if (places.length === 0 && passedOver.length > 0) {
    return refuse(`the images are not in sub-folders, one for each person, but are ${passedOver[0] ?? ''} ...`, folder);
  }
  if (places.length === 0) return refuse('the folder of images is empty', folder);
  return placed(places, rules, passedOver);
}

function ofList(list: string, folder: string, rules: NamingRules): NamedImages {
  const isOfKit = isDevkitList(list);
  const paths = isOfKit ? decodeFile(devkitList, list).paths : [...pathsOfPackingList(list, rules)];
  if (paths.length === 0) return refuse('the list names no image', list);
  const places = paths.map((path): Place => {
    const file = isAbsolute(path) ? path : join(folder, path);
    return { path, place: { kind: 'file', file: isOfKit ? alignedFile(file, folder, path) : file } };
  });
  return placed(places, rules);
}

/**
 * The file of an image that the development kit lists: if it does not exist, the one that the stage align has made of it, with
 * underscores for blanks and an ending of its own.
 */
function alignedFile(file: string, folder: string, path: string): string {
  return existsSync(file) ? file : (imageAt(folder, imageKey(path)) ?? file);
}

/** What an image is called whatever it is stored as: its path without the ending, with underscores for blanks. */
export function imageKey(path: string): string {
  return (isImageName(path) ? path.slice(0, path.lastIndexOf('.')) : path).replaceAll(' ', '_');
}

/** Whether a list of images is one of MegaFace's development kit; it is a packing list otherwise. */
export function isDevkitList(list: string): boolean {
  const head = readHead(list);
  return !packingList.sniff(head, list) && devkitList.sniff(head, list);
}

function* pathsOfPackingList(list: string, { areFiles = false, parts }: NamingRules): Generator<string> {
  for (const entry of readPackingList(list)) {
    const { path, line } = entry;
    if ('aligned' in entry && !entry.aligned) fail(failures.imageNotAligned({ path }, lineOf(list, line)));
    const leadsOut = areFiles && parts === undefined && path.split('/').includes('..');
    if (leadsOut) fail(failures.nameOutside({ path }, lineOf(list, line)));
    yield path;
  }
}

function ofShards(shards: readonly string[], input: string, rules: NamingRules): NamedImages {
  const places: Place[] = [];
  for (const file of shards) {
    for (const { name, offset, size, label } of readShard(file)) {
      const path = name.replace(/^(\.?\/)+/, '');
      // Without a folder the class tells who it is.
      const withPerson = path.includes('/') || label === undefined ? path : `${label}/${path}`;
      places.push({ path: withPerson, place: { kind: 'part', file, offset, size } });
    }
  }
  if (places.length === 0) return refuse('the shards hold no image', input);
  return placed(places, rules);
}

function placed(places: readonly Place[], { parts }: NamingRules, passedOver: readonly string[] = []): NamedImages {
  if (parts !== undefined) requireOwnNames(places, parts);
  const reader = new ImagePlaceReader();
  return {
    length: places.length,
    passedOver,
    unreadable: [],
    nameAt: (index) => lastParts(places[index]?.path ?? '', parts),
    at: (index) => {
      const found = places[index];
      return found === undefined ? undefined : encoded(found.place, `image ${found.path}`, reader);
    },
    close: () => {
      reader.close();
    },
  };
}

function ofDataset(dataset: string | PackedDataset, { parts }: NamingRules): NamedImages {
  const set = typeof dataset === 'string' ? new PackedDataset(dataset) : dataset;
  if (set.imageCount === 0) return refuse('the packed set holds no image', set.folder);
  const leftOut = [...set.numbersLeftOut()];
  const digits = String(set.imageCount + leftOut.length - 1).length;
  const nameOf = (number: number): string => String(number).padStart(digits, '0');
  const reader = new ImagePlaceReader();
  return {
    length: set.imageCount,
    passedOver: [],
    unreadable: leftOut.map(nameOf),
    nameAt: (index) => {
      const number = nameOf(set.numberOfImage(index));
      return parts === undefined ? number : `${classOf(set, index)}/${number}`;
    },
    at: (index) => {
      const place = { kind: 'record', file: set.recordPath, offset: set.offsetOfImage(index) } as const;
      return encoded(place, `image ${index} of the packed set`, reader);
    },
    close: () => {
      reader.close();
      set.close();
    },
  };
}

function classOf(set: PackedDataset, index: number): number {
  const { label } = set.readImage(index);
  return typeof label === 'number' ? label : (label[0] ?? 0);
}

function encoded(place: ImagePlace, what: string, reader: ImagePlaceReader): EncodedImage {
  // A copy: the bytes are valid until the next read.
  return { read: () => Uint8Array.from(reader.read(place)), file: place.file, what, place };
}

/** By their names features are found: no two images may get the same. */
function requireOwnNames(places: readonly Place[], parts: number): void {
  const known = new Map<string, string>();
  for (const { path, place } of places) {
    const name = lastParts(path, parts);
    const first = known.get(name);
    if (first !== undefined) fail(failures.imagesOfOneName({ name, paths: [first, path] }, { file: place.file }));
    known.set(name, path);
  }
}

/** The last parts of a path with slashes, folders and file name; all of it without a number. */
export function lastParts(path: string, parts: number | undefined): string {
  return parts === undefined ? path : path.split('/').slice(-parts).join('/');
}

function lineOf(file: string, line: number): TextLocation {
  return { file, line, column: 1, length: 1 };
}

function refuse(problem: string, file?: string): never {
  return fail(failures.noImages({ problem }, file === undefined ? undefined : { file }));
}
