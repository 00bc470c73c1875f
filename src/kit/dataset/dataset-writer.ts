import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { failures } from './failures.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { maxExactId } from './packed-dataset.ts';

import { encodePersonNames, namesFile } from './person-names.ts';
import { packedFiles, propertyFile } from '../codec/insightface/property-file.ts';
import { RecordWriter } from '../codec/mxnet/record-writer.ts';

/** What `dataset.json` says about a packed set. */
export interface DatasetManifest {
  readonly version: 1;
  readonly identities: number;
  readonly images: number;
  readonly height: number;
  readonly width: number;
}

/** What an image record carries: two numbers as face2rec2 writes, or the class alone as dataset_relabel does. */
export type LabelForm = 'class-and-aligned' | 'class';

export interface DatasetWriterOptions {
  readonly labelForm?: LabelForm;
  /** Write record 0 and the identity records, as face2rec2 does; without them the set is as im2rec's. Default true. */
  readonly identityRecords?: boolean;
}

/**
 * Writes a packed training set exactly as face2rec2 does (insightface, src/data/face2rec2.py): images 1..N in the
 * order given, then record 0 with labels [N + 1, N + 1 + I], then one record per identity with the range of its
 * images. A new identity starts wherever the label changes. Memory: two numbers per identity.
 */
export class DatasetWriter {
  readonly #folder: string;
  readonly #options: Required<DatasetWriterOptions>;
  readonly #records: RecordWriter;
  readonly #ranges: { first: number; last: number }[] = [];
  #images = 0;
  #lastLabel: number | undefined;
  #largestLabel = -1;
  readonly #names = new Map<number, string>();

  constructor(folder: string, options: DatasetWriterOptions = {}) {
    makeOwnFolder(folder);
    this.#folder = folder;
    this.#options = { labelForm: 'class-and-aligned', identityRecords: true, ...options };
    this.#records = new RecordWriter(join(folder, packedFiles.records), join(folder, packedFiles.index));
  }

  get images(): number {
    return this.#images;
  }

  get bytes(): number {
    return this.#records.offset;
  }

  /** Adds an encoded image. `aligned` is the second label, as face2rec2 takes it from the list. */
  add(label: number, aligned: boolean, image: Uint8Array): void {
    if (label > maxExactId) fail(failures.labelTooLarge({ label, max: maxExactId }, { file: this.#folder }));
    this.#images += 1;
    const id = this.#images;
    const stored = this.#options.labelForm === 'class' ? label : [label, aligned ? 1 : 0];
    this.#records.write({ id, id2: 0, label: stored, payload: image });
    if (this.#options.identityRecords) this.#extendRanges(label, id);
    this.#largestLabel = Math.max(this.#largestLabel, label);
  }

  /** Notes who a class is: names.txt tells it where any name was noted. */
  addName(label: number, name: string): void {
    this.#names.set(label, name);
  }

  /** Writes the index records, property, dataset.json and, if there are names, names.txt; makes everything durable. */
  finish({ height, width }: ImageSize): DatasetManifest {
    if (this.#options.identityRecords) this.#writeIdentityRecords();
    this.#records.finish();
    const identities = this.#largestLabel + 1;
    const manifest: DatasetManifest = {
      version: 1,
      identities,
      images: this.#images,
      height,
      width,
    };
    writeFileAtomic(join(this.#folder, packedFiles.property), propertyFile.encode(manifest));
    if (this.#names.size > 0) writeFileAtomic(join(this.#folder, namesFile), encodePersonNames(this.#names));
    writeFileAtomic(join(this.#folder, packedFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  }

  abandon(): void {
    this.#records.abandon();
  }

  #extendRanges(label: number, id: number): void {
    const range = this.#ranges.at(-1);
    if (range === undefined || label !== this.#lastLabel) this.#ranges.push({ first: id, last: id });
    else range.last = id;
    this.#lastLabel = label;
  }

  #writeIdentityRecords(): void {
    requireExactIds({ images: this.#images, identities: this.#ranges.length, canOrder: false }, this.#folder);
    const firstIdentity = this.#images + 1;
    const payload = new Uint8Array(0);
    this.#records.write({ id: 0, id2: 0, label: [firstIdentity, firstIdentity + this.#ranges.length], payload });
    for (const [identity, { first, last }] of this.#ranges.entries()) {
      this.#records.write({ id: firstIdentity + identity, id2: 0, label: [first, last + 1], payload });
    }
  }
}

/**
 * The index records name ids by float32 labels. MXNet's writer rounds larger ones silently, and its readers then mix up
 * the images of neighbouring identities; here such a set is refused with `too-many-records`, before any of it is written.
 */
export function requireExactIds({ images, identities, canOrder }: WantedRecords, file: string): void {
  if (fitsExactIds({ images, identities })) return;
  const largest = images + 1 + identities;
  fail(failures.tooManyRecords({ images, identities, largest, max: maxExactId, canOrder }, { file }));
}

export function fitsExactIds({ images, identities }: Pick<WantedRecords, 'images' | 'identities'>): boolean {
  return images + 1 + identities <= maxExactId;
}

/** What a set is going to hold. */
interface WantedRecords {
  readonly images: number;
  /** As many as are known. */
  readonly identities: number;
  /** The stage can write a set without index records. */
  readonly canOrder: boolean;
}
