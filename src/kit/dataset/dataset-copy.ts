import { faceLabelOf } from '../codec/mxnet/image-record.ts';
import { DatasetWriter, requireExactIds, type DatasetManifest, type DatasetWriterOptions } from './dataset-writer.ts';
import type { PackedDataset } from './packed-dataset.ts';

/** Which images of a packed set show one identity. */
export interface IdentityImages {
  /** Class of the images in the set. */
  readonly label: number;
  /** Positions of the images, from 0, ascending. */
  readonly positions: readonly number[];
}

/**
 * The identities of a packed set, in the order of their first images. By the images' own labels: identity records are
 * not read, because the original tools rewrite labels without them. Reads every record once.
 */
export function identityImages(set: PackedDataset): IdentityImages[] {
  const positions = new Map<number, number[]>();
  for (let position = 0; position < set.imageCount; position += 1) {
    const { label } = faceLabelOf(set.readImage(position), set.recordPath, 'class');
    const known = positions.get(label);
    if (known === undefined) positions.set(label, [position]);
    else known.push(position);
  }
  return [...positions].map(([label, list]) => ({ label, positions: list }));
}

/** Images of one identity on their way from a packed set into another. */
export interface CopiedIdentity {
  readonly from: PackedDataset;
  readonly positions: IdentityImages['positions'];
  /** Class in the new set. */
  readonly label: number;
}

export interface CopyOptions extends DatasetWriterOptions {
  /** Folder of the new set. */
  readonly folder: string;
  /** Called after every image. */
  readonly onImage: () => Promise<void> | undefined;
}

/** Writes a packed set out of images of others, identity by identity. */
export async function copyIdentities(
  identities: readonly CopiedIdentity[],
  { folder, onImage, ...options }: CopyOptions,
): Promise<DatasetManifest> {
  const images = identities.reduce((sum, { positions }) => sum + positions.length, 0);
  requireExactIds({ images, identities: identities.length, canOrder: false }, identities[0]?.from.folder ?? folder);
  const writer = new DatasetWriter(folder, options);
  try {
    for (const { from, positions, label } of identities) {
      for (const position of positions) {
        const image = from.readImage(position);
        const { aligned } = faceLabelOf(image, from.recordPath, options.labelForm ?? 'class-and-aligned');
        writer.add(label, aligned, image.payload);
        await onImage();
      }
    }
    const { height = 0, width = 0 } = identities[0]?.from.property ?? {};
    return writer.finish({ height, width });
  } catch (error) {
    writer.abandon();
    throw error;
  }
}
