import { faceLabelOf } from '../codec/mxnet/image-record.ts';
import { DatasetWriter, fitsExactIds, type DatasetManifest, type DatasetWriterOptions } from './dataset-writer.ts';
import { IdentityTable } from './identity-table.ts';
import { maxExactId, type PackedDataset } from './packed-dataset.ts';

/** Which images of a packed set show one identity. */
export interface IdentityImages {
  /** Class of the images in the set. */
  readonly label: number;
  /** Positions of the images, from 0, ascending. */
  readonly positions: readonly number[];
}

/** The identities of a packed set as a list, of sets that fit into memory as such: see {@link IdentityTable}. */
export function identityImages(set: PackedDataset): IdentityImages[] {
  const table = new IdentityTable(set);
  return Array.from({ length: table.size }, (_, place) => ({
    label: table.labelAt(place),
    positions: Array.from(table.positionsAt(place)),
  }));
}

/** Images of one identity on their way from a packed set into another. */
export interface CopiedIdentity {
  readonly from: PackedDataset;
  readonly positions: readonly number[] | Uint32Array;
  /** Class in the new set. */
  readonly label: number;
  /** Who it is, where that is known. */
  readonly name?: string | undefined;
}

/** What can be gone through again and again, made of what is computed as it is needed. */
export function repeatable<Item>(items: () => Iterable<Item>): Iterable<Item> {
  return { [Symbol.iterator]: () => items()[Symbol.iterator]() };
}

export interface CopyOptions extends DatasetWriterOptions {
  /** Folder of the new set. */
  readonly folder: string;
  /** Called after every image. */
  readonly onImage: () => Promise<void> | undefined;
  /** Told that the set has no index records, since there are more than they can name. */
  readonly onPlain?: (message: string) => void;
}

/**
 * Writes a packed set out of images of others, identity by identity. More records than float32 can name exactly (2^24,
 * as of Glint360K) are written without index records, as im2rec does.
 * @param identities are gone through twice
 */
export async function copyIdentities(
  identities: Iterable<CopiedIdentity>,
  { folder, onImage, onPlain, ...options }: CopyOptions,
): Promise<DatasetManifest> {
  const wanted = countOf(identities);
  const identityRecords = fitsExactIds(wanted);
  if (!identityRecords) {
    onPlain?.(
      `${wanted.images} images and ${wanted.identities} identities are more records than those of identities can name ` +
        `(${maxExactId}): the set has none, as those of im2rec`,
    );
  }
  const writer = new DatasetWriter(folder, { ...options, identityRecords });
  let size = { height: 0, width: 0 };
  try {
    for (const { from, positions, label, name } of identities) {
      size = from.property;
      if (name !== undefined) writer.addName(label, name);
      for (const position of positions) {
        const image = from.readImage(position);
        const { aligned } = faceLabelOf(image, from.recordPath, options.labelForm ?? 'class-and-aligned');
        writer.add(label, aligned, image.payload);
        await onImage();
      }
    }
    return writer.finish(size);
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

function countOf(identities: Iterable<CopiedIdentity>): { readonly images: number; readonly identities: number } {
  const count = { images: 0, identities: 0 };
  for (const { positions } of identities) {
    count.images += positions.length;
    count.identities += 1;
  }
  return count;
}
