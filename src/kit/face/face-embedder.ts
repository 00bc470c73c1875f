/** Turns images into embeddings; `src/kit/net/sessions/embedder.ts` makes them. */
export interface FaceEmbedder {
  /** Size of the images the network takes. */
  readonly height: number;
  readonly width: number;
  /** Floats per embedding. */
  readonly embeddingSize: number;
  /**
   * Embeds `count` RGB images, rows of bytes 0..255, one after the other (count x height x width x 3).
   * Resolves to count x embeddingSize floats, not normalised. `count` may vary from call to call.
   */
  embed(pixels: Uint8Array, count: number): Promise<Float32Array>;
}
