import type { ImageSize } from './rgb-image.ts';

/** The size that most of some images have; of equally frequent ones the first. Undefined of no image. */
export function mostFrequentSize(sizes: Iterable<ImageSize>): ImageSize | undefined {
  const counts = new Map<string, { readonly size: ImageSize; count: number }>();
  for (const size of sizes) {
    const key = `${size.width} x ${size.height}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { size, count: 1 });
    else known.count += 1;
  }
  return [...counts.values()].sort((one, other) => other.count - one.count)[0]?.size;
}

/** What is wrong with an image among others that have another size; undefined if it has theirs. */
export function otherSize({ width, height }: ImageSize, frequent: ImageSize | undefined): string | undefined {
  if (frequent === undefined || (width === frequent.width && height === frequent.height)) return undefined;
  return `it is ${width} x ${height}, most are ${frequent.width} x ${frequent.height}`;
}
