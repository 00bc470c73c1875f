import { similarity } from './embedder.ts';

/** A vector that faces are compared with, and whose it is. */
export interface GalleryEntry {
  /** Person, or image where no person is known. */
  readonly name: string;
  readonly image: string;
  readonly vector: Float32Array;
}

export interface Match {
  readonly name: string;
  readonly image: string;
  readonly similarity: number;
}

/**
 * For each face the persons of a gallery whose best image is most like it, the nearest first; of equal ones that whose image comes
 * first in the gallery. All are compared, and none is kept: a gallery may be larger than the memory.
 */
export function nearestPersons(
  faces: readonly Float32Array[],
  gallery: Iterable<GalleryEntry>,
  count: number,
): readonly (readonly Match[])[] {
  const best = faces.map(() => new Map<string, Match & { readonly place: number }>());
  let place = 0;
  for (const { name, image, vector } of gallery) {
    for (const [index, face] of faces.entries()) {
      const found = similarity(face, vector);
      const before = best[index]?.get(name);
      if (before === undefined || found > before.similarity) {
        best[index]?.set(name, { name, image, similarity: found, place });
      }
    }
    place += 1;
  }
  return best.map((persons) =>
    [...persons.values()]
      .sort((a, b) => b.similarity - a.similarity || a.place - b.place)
      .slice(0, count)
      .map((match) => ({ name: match.name, image: match.image, similarity: match.similarity })),
  );
}
