import { PackedDataset } from './packed-dataset.ts';

export interface PackedSetFacts {
  readonly images: number;
  readonly identities: number;
  readonly width: number;
  readonly height: number;
  /** The .rec file, for failures. */
  readonly recordPath: string;
}

/** Opens a packed set and closes it again. Fails as `PackedDataset` does where it is not one, or its files do not agree. */
export function packedSetFacts(folder: string): PackedSetFacts {
  const set = new PackedDataset(folder);
  try {
    const { imageCount: images, identities, property, recordPath } = set;
    return { images, identities, width: property.width, height: property.height, recordPath };
  } finally {
    set.close();
  }
}
