import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { readIndexFile, type RecordIndex } from '../codec/mxnet/index-file.ts';
import { packedFiles, propertyFile, type Property } from '../codec/insightface/property-file.ts';
import { decodeFile } from '../codec/read-file.ts';
import { firstGap } from '../codec/mxnet/index-gaps.ts';
import { checkImage, isDamage } from '../image/image-header.ts';
import { failures } from './failures.ts';
import { FolderListing } from './image-folder.ts';
import { readPersonNames, type PersonNames } from './person-names.ts';
import { RecordFile } from '../codec/mxnet/record-file.ts';
import type { ImageRecord } from '../codec/mxnet/image-record.ts';

/** Image records `first` to `last`, both included, show one identity. */
export interface IdentityRange {
  readonly first: number;
  readonly last: number;
}

/** float32 holds integers exactly up to here; ids in labels are float32. */
export const maxExactId = 2 ** 24;

/**
 * The id of the first identity record by the label of record 0. Labels are float32, so beyond 2^24 only a few ids are
 * known of which one is meant: the one without an image whose neighbour before has one. NaN: none is. The order of an
 * index tells nothing, since some tools sort it. `holdsImage`: of the record with an id; undefined without such a record.
 */
export function firstIdentityId(label: number, holdsImage: (id: number) => boolean | undefined): number {
  if (label < maxExactId || !Number.isFinite(label)) return label;
  const step = 2 ** (Math.floor(Math.log2(label)) - 23);
  for (let id = label - step; id <= label + step; id += 1) {
    if (Math.fround(id) === label && holdsImage(id) === false && holdsImage(id - 1) === true) return id;
  }
  return NaN;
}

/** Some images of a file. */
export interface OnlyImages {
  /** Where they are, under their numbers among all images of the file, ascending. */
  readonly images: RecordIndex;
  /** All images of the file. */
  readonly of: number;
}

/**
 * An open packed training set (insightface, src/image_iter.py). Two kinds:
 * - with an index record 0, as face2rec2 writes: labels [N + 1, N + 1 + I], no image; images have ids 1..N, and
 *   records N + 1..N + I name the range [first, last + 1] of each identity;
 * - without, as im2rec writes: every record is an image.
 */
export class PackedDataset {
  readonly folder: string;
  readonly property: Property;
  /** Number of image records. */
  readonly imageCount: number;
  readonly #records: RecordFile;
  readonly #index: RecordIndex;
  readonly #only: OnlyImages | undefined;
  /** First and last + 1 id of the identity records; undefined without an index record. */
  readonly #identityIds: { readonly first: number; readonly end: number } | undefined;

  #names: { readonly read: PersonNames | undefined } | undefined;

  /**
   * Opens a folder; without train.idx the index is rebuilt in memory, which reads the file once.
   * @param only the images that the set is taken to hold, instead of what its index says
   */
  constructor(folder: string, only?: OnlyImages) {
    this.folder = folder;
    const property = join(folder, packedFiles.property);
    const records = join(folder, packedFiles.records);
    if (!existsSync(records)) fail(failures.notAPackedSet({ found: kindOfPlace(folder) }, { file: folder }));
    if (!existsSync(property)) fail(failures.missingProperty({}, { file: property }));
    this.property = decodeFile(propertyFile, property);
    this.#records = new RecordFile(records);
    const index = join(folder, packedFiles.index);
    this.#only = only;
    this.#index = only?.images ?? (existsSync(index) ? readIndexFile(index) : this.#records.buildIndex());
    if (only === undefined) this.#compareIndex(index);
    this.#identityIds = only === undefined ? this.#readIndexRecord() : undefined;
    this.imageCount = this.#identityIds === undefined ? this.#index.size : this.#identityIds.first - 1;
    this.#compareProperty(property);
  }

  /** The size is that of the images themselves; what is found out by the first costs one read. */
  #compareProperty(file: string): void {
    const found = checkImage(this.readImage(0).payload);
    const { width, height } = this.property;
    if (isDamage(found) || found === undefined || (found.width === width && found.height === height)) return;
    fail(failures.otherSize({ stated: { width, height }, found }, { file }));
  }

  /** What every index of these records must fulfil and costs one read: it leads to the last of them. */
  #compareIndex(index: string): void {
    const { size, offsets } = this.#index;
    const { path, size: bytes } = this.#records;
    if (bytes === 0) fail(failures.emptySet({}, { file: path }));
    let last = -1;
    for (const offset of offsets) if (offset > last) last = offset;
    const end = last < 0 ? 0 : this.#records.endOf(last);
    if (end !== bytes) fail(failures.shortIndex({ records: size, end, bytes }, { file: index }));
    const hasFirst = this.#index.offsetOf(0) !== undefined || this.#records.readAt(last).payload.length > 0;
    if (!hasFirst) fail(failures.indexWithoutFirst({}, { file: index }));
    const gap = firstGap(this.#records, offsets);
    if (gap !== undefined) fail(failures.indexGap({ ...gap, bytes }, { file: index }));
  }

  get recordPath(): string {
    return this.#records.path;
  }

  /** Identities by the index record, or else by the property file. */
  get identities(): number {
    const ids = this.#identityIds;
    return ids === undefined ? this.property.identities : ids.end - ids.first;
  }

  /** Who the classes are, where names.txt beside the records tells it. */
  get names(): PersonNames | undefined {
    this.#names ??= { read: readPersonNames(this.folder) };
    return this.#names.read;
  }

  /** Its position, or, where only some images of the file are taken, its number among all of them. */
  numberOfImage(position: number): number {
    return this.#only === undefined ? position : this.#index.ids.at(position);
  }

  /** The numbers of images of the file that the set was not taken to hold, ascending. */
  *numbersLeftOut(): Generator<number> {
    if (this.#only === undefined) return;
    for (let number = 0; number < this.#only.of; number += 1) {
      if (this.#index.offsetOf(number) === undefined) yield number;
    }
  }

  /** Offset of image `position` (from 0, in the order of their ids) in the .rec file. */
  offsetOfImage(position: number): number {
    const offset =
      this.#identityIds === undefined ? this.#index.offsetAt(position) : this.#index.offsetOf(position + 1);
    return offset ?? this.#missing(position + 1);
  }

  /** Image `position`, from 0. Its payload is valid until the next read. */
  readImage(position: number): ImageRecord & { readonly offset: number } {
    const offset = this.offsetOfImage(position);
    return { ...this.#records.readAt(offset), offset };
  }

  /** The ranges of the identity records, in their order; undefined where the set has none. */
  identityRanges(): IdentityRange[] | undefined {
    const ids = this.#identityIds;
    if (ids === undefined) return undefined;
    return Array.from({ length: ids.end - ids.first }, (_, identity) => {
      const id = ids.first + identity;
      const { label } = this.#records.readAt(this.#index.offsetOf(id) ?? this.#missing(id));
      const [first, end] = typeof label === 'number' ? [] : label;
      if (first === undefined || end === undefined) return this.#damaged(`identity record ${id} has no range`, id);
      return { first, last: end - 1 };
    });
  }

  close(): void {
    this.#records.close();
  }

  #readIndexRecord(): { readonly first: number; readonly end: number } | undefined {
    const offset = this.#index.offsetOf(0);
    if (offset === undefined) return undefined;
    const { label, payload } = this.#records.readAt(offset);
    // im2rec numbers from 0 too, and with several labels sets the flag; but its record 0 holds an image.
    if (typeof label === 'number' || payload.length > 0) return undefined;
    const [first, end] = label;
    if (first === undefined || end === undefined) return this.#damaged('record 0 has no two labels', 0);
    const { size } = this.#index;
    const exactFirst = firstIdentityId(first, (id) => this.#holdsImage(id));
    const exactEnd = end < maxExactId ? end : Math.fround(size) === end ? size : NaN;
    const sound = Number.isInteger(exactFirst) && exactFirst >= 1 && exactEnd >= exactFirst && exactEnd <= size;
    if (exactFirst === 1) fail(failures.emptySet({}, { file: this.#records.path }));
    if (!sound) {
      this.#damaged(`by record 0 identities have ids ${first} to ${end}, but there are ${this.#index.size} records`, 0);
    }
    return { first: exactFirst, end: exactEnd };
  }

  #holdsImage(id: number): boolean | undefined {
    const offset = this.#index.offsetOf(id);
    return offset === undefined ? undefined : this.#records.readAt(offset).payload.length > 0;
  }

  #missing(id: number): never {
    fail(failures.missingRecord({ id }, { file: this.#records.path }));
  }

  #damaged(problem: string, id: number): never {
    const offset = this.#index.offsetOf(id) ?? 0;
    fail(failures.damagedRecord({ problem }, { file: this.#records.path, offset }));
  }
}

/** In words, for those who took something else for a packed set. */
function kindOfPlace(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return 'a file';
  const listing = new FolderListing(path);
  const hasImages = listing.identities.some((identity) => listing.images(identity).next().done !== true);
  return hasImages ? 'a folder of images, a sub-folder for each person' : 'a folder without train.rec';
}
