import type { PackedDataset } from './packed-dataset.ts';
import { classOf } from '../codec/mxnet/image-record.ts';

/** Which images of a packed set show one identity. */
export interface IdentityImages {
  /** Class of the images in the set. */
  readonly label: number;
  /** Positions of the images, from 0, ascending. */
  readonly positions: readonly number[];
}

/**
 * The identities of a packed set, in the order of their first images. By the images' own labels: identity records are
 * not asked, because the original tools rewrite labels without them. Reads every record once.
 */
export function identityImages(set: PackedDataset): IdentityImages[] {
  const positions = new Map<number, number[]>();
  for (let position = 0; position < set.imageCount; position += 1) {
    const label = classOf(set.readImage(position));
    const known = positions.get(label);
    if (known === undefined) positions.set(label, [position]);
    else known.push(position);
  }
  return [...positions].map(([label, list]) => ({ label, positions: list }));
}
