import type { VerificationResult } from './verification-result.ts';

/** Turns pictures into embeddings; `src/net/embedder.ts` makes them. */
export interface FaceEmbedder {
  /** Floats per embedding. */
  readonly embeddingSize: number;
  /**
   * Embeds `count` RGB pictures, rows of bytes 0..255, one after the other (count x height x width x 3).
   * Resolves to count x embeddingSize floats, not normalised. `count` may vary from call to call.
   */
  embed(pixels: Uint8Array, count: number): Promise<Float32Array>;
}

/** A verification set: pair i is pictures 2i and 2i+1, encoded as JPEG or PNG. */
export interface EncodedPairs {
  readonly images: ArrayLike<Uint8Array>;
  readonly same: ArrayLike<boolean>;
}

export interface VerifySetOptions {
  readonly embedder: FaceEmbedder;
  readonly set: EncodedPairs;
  /** Name of the set, for the result and for failures. */
  readonly name: string;
  /** Contiguous folds, 10 as a rule; 1: threshold chosen and tested on all pairs. */
  readonly folds: number;
  /** Pictures per forward pass. */
  readonly batch: number;
  /** Wrong pairs of either kind to keep with thumbnails; 0 (the default) while training. */
  readonly worst?: number;
  readonly signal?: AbortSignal;
  /** Called after every batch with the number of pictures done, of `total`. */
  onProgress?(done: number, total: number): void;
}

/**
 * Embeds a verification set and measures it. Holds one batch of pictures and two embeddings per picture in memory.
 * Fails with `no-pairs`, `too-few-pairs`, `image-size-mismatch` and whatever the decoder finds.
 */
export function verifySet(options: VerifySetOptions): Promise<VerificationResult> {
  throw new Error(`not yet: ${options.name}`);
}
