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

/** The persons of a gallery whose best image is most like a face, the nearest first; of equal ones the first in the gallery. */
export function nearestPersons(face: Float32Array, gallery: readonly GalleryEntry[], count: number): readonly Match[] {
  const best = new Map<string, Match>();
  for (const { name, image, vector } of gallery) {
    const found = similarity(face, vector);
    const before = best.get(name);
    if (before === undefined || found > before.similarity) best.set(name, { name, image, similarity: found });
  }
  return [...best.values()].sort((a, b) => b.similarity - a.similarity).slice(0, count);
}
