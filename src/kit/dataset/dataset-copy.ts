import type { DatasetManifest, DatasetWriterOptions } from './dataset-writer.ts';
import { DatasetWriter } from './dataset-writer.ts';
import type { IdentityImages } from './identity-images.ts';
import type { PackedDataset } from './packed-dataset.ts';

/** Images of one identity on their way from a packed set into another. */
export interface CopiedIdentity {
  readonly from: PackedDataset;
  readonly positions: IdentityImages['positions'];
  /** Class in the new set. */
  readonly label: number;
}

/** Writes a packed set out of images of others, identity by identity. `onImage` is called after every image. */
export async function copyIdentities(
  identities: readonly CopiedIdentity[],
  folder: string,
  options: DatasetWriterOptions,
  onImage: () => Promise<void> | undefined,
): Promise<DatasetManifest> {
  const writer = new DatasetWriter(folder, options);
  try {
    for (const { from, positions, label } of identities) {
      for (const position of positions) {
        const image = from.readImage(position);
        const aligned = typeof image.label === 'number' || image.label[1] !== 0;
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
