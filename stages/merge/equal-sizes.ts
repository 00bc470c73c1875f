import { fail } from '../../src/core/failure.ts';
import type { ImageSize } from '../../src/kit/image/rgb-image.ts';
import { failures } from './failures.ts';

/** A set can hold images of one size only. */
export function requireEqualSizes([first, ...others]: readonly SizedSet[]): void {
  if (first === undefined) return;
  for (const { property, folder } of others) {
    if (property.width === first.property.width && property.height === first.property.height) continue;
    fail(failures.unequalSizes({ size: property, first }, { file: folder }));
  }
}

interface SizedSet {
  readonly folder: string;
  readonly property: ImageSize;
}
