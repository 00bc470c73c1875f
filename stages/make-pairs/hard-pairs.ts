import { nearestRows } from '../../src/kit/face/nearest-rows.ts';
import { exactScore } from '../../src/kit/face/similarity/exact-score.ts';
import type { Products } from '../../src/kit/face/similarity/products.ts';
import { vectorsInMemory } from '../../src/kit/face/similarity/vector-source.ts';
import type { FoldImage, ImagePair } from './draw-pairs.ts';

/** The images of a fold and what a network makes of them. */
export interface EmbeddedFold {
  readonly images: readonly FoldImage[];
  /** A row of length 1 for each. */
  readonly rows: Float32Array;
  readonly columns: number;
}

/** A pair that one of its images suggests. */
interface Candidate {
  readonly pair: ImagePair;
  readonly cosine: number;
}

export interface HardPairs {
  readonly same: readonly ImagePair[];
  readonly different: readonly ImagePair[];
}

/**
 * Hard pairs of a fold: each image with the image of another person that is most like it, and with the one of the same
 * person that is least like it. The hardest comes first; of each person, and of every two, one pair before the next of them.
 */
export async function hardPairs(fold: EmbeddedFold, products: Products, signal: AbortSignal): Promise<HardPairs> {
  const different = await strangers(fold, products, signal);
  return {
    different: hardestFirst(different, (one, other) => other.cosine - one.cosine),
    same: hardestFirst(leastAlike(fold), (one, other) => one.cosine - other.cosine),
  };
}

async function strangers(
  { images, rows, columns }: EmbeddedFold,
  products: Products,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const vectors = vectorsInMemory(rows, columns);
  const { cosines, nearest } = await nearestRows({
    ...{ products, rows: vectors, others: vectors, signal },
    leavesOut: (row, other) => images[row]?.person === images[other]?.person,
  });
  return images.flatMap((image, row) => {
    const other = images[nearest[row] ?? -1];
    return other === undefined ? [] : [{ pair: ordered(image, other), cosine: cosines[row] ?? 0 }];
  });
}

function leastAlike({ images, rows, columns }: EmbeddedFold): Candidate[] {
  const places = new Map<number, number[]>();
  for (const [place, { person }] of images.entries()) places.set(person, [...(places.get(person) ?? []), place]);
  const cosine = (one: number, other: number): number =>
    exactScore({ values: rows, at: one * columns }, { values: rows, at: other * columns }, columns);
  return [...places.values()].flatMap((own) =>
    own.flatMap((place): Candidate[] => {
      const others = own.filter((other) => other !== place).map((other) => ({ other, cosine: cosine(place, other) }));
      const [least] = others.sort((one, two) => one.cosine - two.cosine);
      const [image, other] = [images[place], images[least?.other ?? -1]];
      if (image === undefined || other === undefined || least === undefined) return [];
      return [{ pair: ordered(image, other), cosine: least.cosine }];
    }),
  );
}

/** Two images suggest the same pair: it has one order. */
function ordered(one: FoldImage, other: FoldImage): ImagePair {
  const isFirst = one.person < other.person || (one.person === other.person && one.image < other.image);
  return isFirst ? [one, other] : [other, one];
}

function hardestFirst(
  candidates: readonly Candidate[],
  harder: (one: Candidate, other: Candidate) => number,
): ImagePair[] {
  const known = new Set<string>();
  const seen = new Map<string, number>();
  const ranked: { readonly pair: ImagePair; readonly rank: number }[] = [];
  for (const { pair } of candidates.toSorted(harder)) {
    if (known.has(pairKey(pair))) continue;
    known.add(pairKey(pair));
    const people = pair.map(({ person }) => person).join(' ');
    const rank = seen.get(people) ?? 0;
    seen.set(people, rank + 1);
    ranked.push({ pair, rank });
  }
  return ranked.sort((one, other) => one.rank - other.rank).map(({ pair }) => pair);
}

/** The same for both orders of a pair that {@link hardPairs} or the drawing made. */
export function pairKey(pair: ImagePair): string {
  return pair
    .map(({ person, image }) => `${person}/${image}`)
    .sort()
    .join(' ');
}
