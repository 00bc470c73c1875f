import type { Digest } from '../../core/digest.ts';

/** The embeddings of one image as it is and mirrored, not normalised. */
export interface EmbeddedImage {
  readonly original: Float32Array;
  readonly mirrored: Float32Array;
}

/** Where the embeddings of one network are kept, by the SHA-256 of the encoded image: what is known is not computed again. */
export interface EmbeddingStore {
  find(image: Digest): EmbeddedImage | undefined;
  add(image: Digest, embedded: EmbeddedImage): void;
}

/** Keeps them in memory, so that the sets of one verification share them: two rows of floats per image. */
export class MemoryEmbeddings implements EmbeddingStore {
  readonly #known = new Map<Digest, EmbeddedImage>();

  find(image: Digest): EmbeddedImage | undefined {
    return this.#known.get(image);
  }

  add(image: Digest, { original, mirrored }: EmbeddedImage): void {
    // Copies: the rows that come are views of a whole batch.
    this.#known.set(image, { original: original.slice(), mirrored: mirrored.slice() });
  }
}
