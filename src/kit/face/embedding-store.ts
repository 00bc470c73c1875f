import type { Digest } from '../../core/digest.ts';

/** The embeddings of one picture as it is and mirrored, not normalised. */
export interface EmbeddedPicture {
  readonly original: Float32Array;
  readonly mirrored: Float32Array;
}

/** Where the embeddings of one network are kept, by the SHA-256 of the encoded picture: what is known is not computed again. */
export interface EmbeddingStore {
  find(picture: Digest): EmbeddedPicture | undefined;
  add(picture: Digest, embedded: EmbeddedPicture): void;
}

/** Keeps them in memory, so that the sets of one verification share them: two rows of floats per picture. */
export class MemoryEmbeddings implements EmbeddingStore {
  readonly #known = new Map<Digest, EmbeddedPicture>();

  find(picture: Digest): EmbeddedPicture | undefined {
    return this.#known.get(picture);
  }

  add(picture: Digest, { original, mirrored }: EmbeddedPicture): void {
    // Copies: the rows that come are views of a whole batch.
    this.#known.set(picture, { original: original.slice(), mirrored: mirrored.slice() });
  }
}
