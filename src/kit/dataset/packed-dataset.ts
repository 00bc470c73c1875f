import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { readIndexFile, type RecordIndex } from '../codec/mxnet/index-file.ts';
import { packedFiles, propertyFile, type Property } from '../codec/insightface/property-file.ts';
import { decodeFile } from '../codec/read-file.ts';
import { failures } from './failures.ts';
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
  /** First and last + 1 id of the identity records; undefined without an index record. */
  readonly #identityIds: { readonly first: number; readonly end: number } | undefined;

  /** Opens a folder; without train.idx the index is rebuilt in memory, which reads the file once. */
  constructor(folder: string) {
    this.folder = folder;
    const property = join(folder, packedFiles.property);
    this.property = decodeFile(propertyFile, property);
    this.#records = new RecordFile(join(folder, packedFiles.records));
    const index = join(folder, packedFiles.index);
    this.#index = existsSync(index) ? readIndexFile(index) : this.#records.buildIndex();
    this.#identityIds = this.#readIndexRecord();
    this.imageCount = this.#identityIds === undefined ? this.#index.size : this.#identityIds.first - 1;
  }

  get recordPath(): string {
    return this.#records.path;
  }

  /** Identities by the index record, or else by the property file. */
  get identities(): number {
    const ids = this.#identityIds;
    return ids === undefined ? this.property.identities : ids.end - ids.first;
  }

  /** Offset of image `position` (from 0, in the order of their ids) in the .rec file. */
  offsetOfImage(position: number): number {
    const offset = this.#identityIds === undefined ? this.#index.offsets[position] : this.#index.offsetOf(position + 1);
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
    // Beyond 2^24 the labels are rounded: then the place of record 0, written right after the images, tells.
    const exactFirst = first < maxExactId ? first : (this.#index.positionOf(0) ?? 0) + 1;
    const exactEnd = end < maxExactId ? end : this.#index.size;
    const sound =
      Number.isInteger(exactFirst) && exactFirst >= 1 && exactEnd >= exactFirst && exactEnd <= this.#index.size;
    if (!sound) {
      this.#damaged(`by record 0 identities have ids ${first} to ${end}, but there are ${this.#index.size} records`, 0);
    }
    return { first: exactFirst, end: exactEnd };
  }

  #missing(id: number): never {
    fail(failures.missingRecord({ id }, { file: this.#records.path }));
  }

  #damaged(problem: string, id: number): never {
    const offset = this.#index.offsetOf(id) ?? 0;
    fail(failures.damagedRecord({ problem }, { file: this.#records.path, offset }));
  }
}
