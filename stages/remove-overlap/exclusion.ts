import { basename, join } from 'node:path';
import { digestOf } from '../../src/core/digest.ts';
import { fail } from '../../src/core/failure.ts';
import type { NamedSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { embedRows } from '../../src/kit/face/features/embed-rows.ts';
import { EmbeddedSet, type EmbedSetOptions, failOfCentre } from '../../src/kit/face/embedded-set.ts';
import { failures as faceFailures } from '../../src/kit/face/failures.ts';
import { IdentityCentres } from '../../src/kit/face/identity-centres.ts';
import { RowFile } from '../../src/kit/face/features/row-file.ts';
import { type VectorSource, vectorsInMemory } from '../../src/kit/face/similarity/vector-source.ts';
import { failures } from './failures.ts';

/** People who are to be taken out: a vector for each image of a verification set, or for each identity of a packed one. */
export interface Exclusion {
  readonly name: string;
  readonly kind: 'image' | 'identity';
  /** To be embedded, and how many of them are. */
  readonly images: number;
  readonly done: number;
  /** Vectors: of images, or of identities. */
  readonly count: number;
  embed(options: EmbedSetOptions): Promise<void>;
  /** After they are embedded. Fails with `embedding-is-zero`. */
  vectors(): VectorSource;
  /** What vector `index` is of, for people: `image 12`, `identity 3`. */
  nameOf(index: number): string;
  /** The encoded image of a vector; of an identity the one that is nearest to a row. */
  imageOf(index: number, row: Float32Array): Uint8Array;
  close(): void;
}

/** Every test image alone, as the 2018 tool compares them; equal ones once. Fails with `no-excluded-people`. */
export function excludedImages({ name, file, set }: NamedSet, rowsFile: string, columns: number): Exclusion {
  if (set.images.length === 0) fail(failures.noExcludedPeople({ name }, { file }));
  const firsts = new Map(set.images.map((bytes, index) => [digestOf(bytes), index] as const).reverse());
  const images = [...firsts.values()].sort((one, other) => one - other);
  const rows = new RowFile(rowsFile, columns);
  const bytesOf = (index: number): Uint8Array => set.images[images[index] ?? 0] ?? new Uint8Array();
  const nameOf = (index: number): string => `image ${images[index] ?? NaN}`;
  return {
    ...{ name, kind: 'image', images: images.length, count: images.length, nameOf },
    get done() {
      return rows.count;
    },
    embed: (options) =>
      embedRows({
        ...{ ...options, file: rows, orientations: 'original' },
        images: images.map((_, index) => {
          return { read: () => bytesOf(index), file, what: `${nameOf(index)} of verification set ${name}` };
        }),
      }),
    vectors() {
      const values = new Float32Array(images.length * columns);
      for (const { position, values: row } of rows.rows()) {
        if (row.every((value) => value === 0)) {
          const what = `${nameOf(position)} of verification set ${name}`;
          fail(faceFailures.embeddingIsZero({ what }, { file }));
        }
        values.set(row, position * columns);
      }
      return vectorsInMemory(values, columns);
    },
    imageOf: bytesOf,
    close: () => {
      rows.close();
    },
  };
}

/** Centre against centre: the branch of the 2018 tool for folders, which at the reference commit removes none by a mistake. */
export function excludedIdentities(folder: string, rowsFile: string, columns: number): Exclusion {
  const set = new EmbeddedSet(folder, rowsFile, columns);
  return {
    ...{ name: basename(folder), kind: 'identity', images: set.set.imageCount, count: set.identities.length },
    get done() {
      return set.done;
    },
    embed: (options) => set.embed(options),
    vectors() {
      const centres = new IdentityCentres(columns);
      set.addCentres(centres);
      const zero = centres.normalize();
      if (zero !== undefined) failOfCentre(set, zero);
      return centres.vectors();
    },
    nameOf: (index) => `identity ${set.identities[index]?.label ?? NaN}`,
    imageOf: (index, row) => set.imageNearest(index, row),
    close: () => {
      set.close();
    },
  };
}

export interface ExclusionInputs {
  readonly sets: readonly NamedSet[];
  readonly folders: readonly string[];
  readonly scratch: string;
  readonly columns: number;
}

/** All of them, in order; what one fails with closes the others. */
export function openExclusions({ sets, folders, scratch, columns }: ExclusionInputs): Exclusion[] {
  const open: Exclusion[] = [];
  try {
    for (const [index, set] of sets.entries()) {
      open.push(excludedImages(set, join(scratch, `rows-pairs-${index}`), columns));
    }
    for (const [index, folder] of folders.entries()) {
      open.push(excludedIdentities(folder, join(scratch, `rows-excluded-${index}`), columns));
    }
    return open;
  } catch (error) {
    for (const each of open) each.close();
    throw error;
  }
}
