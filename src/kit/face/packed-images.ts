import type { PackedDataset } from '../dataset/packed-dataset.ts';
import type { ImageSequence } from './embed-images.ts';

/** The images of a packed set, to be embedded. */
export function packedImages(set: PackedDataset): ImageSequence {
  return {
    length: set.imageCount,
    at: (index) => ({
      // A copy: the payload is valid until the next read.
      read: () => Uint8Array.from(set.readImage(index).payload),
      file: set.recordPath,
      what: `image ${index} of the packed set`,
    }),
  };
}
