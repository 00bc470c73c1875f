import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Failure, fail, FailureError } from '../../core/failure.ts';
import type { Embedder } from '../net/sessions/inference-session.ts';
import { type BatchDecoder, type DecodedBatch, type EncodedImage, localDecoder } from './decode-batch.ts';
import { failures } from './failures.ts';

/** Embeddings of both orientations of some images, not normalised: rows of `embeddingSize` floats each. */
export interface EmbeddedBatch {
  /** Position of the first among the images. */
  readonly start: number;
  readonly count: number;
  readonly original: Float32Array;
  readonly mirrored: Float32Array;
}

/** Images by position; an array of them is one. */
export interface ImageSequence {
  readonly length: number;
  at(index: number): EncodedImage | undefined;
}

export interface EmbedOptions {
  readonly embedder: Embedder;
  readonly images: ImageSequence;
  /** Images at a time; the network sees twice as many, for each is embedded as it is and mirrored. */
  readonly batch: number;
  /** Default: the calling thread. */
  readonly decoder?: BatchDecoder | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the position of an image that cannot be decoded, before its batch is yielded; its rows there are
   * meaningless. Without it the first such image fails the whole.
   */
  readonly onUndecodable?: ((index: number, failure: Failure) => void) | undefined;
}

/**
 * Embeds images, each as it is and mirrored left to right, in one pass of the network per batch; yields the batches in
 * order. While the network computes one batch, the next ones are decoded. Fails with `image-size-mismatch`,
 * `embedding-not-finite` and whatever the decoder finds.
 */
export async function* embedImages(options: EmbedOptions): AsyncGenerator<EmbeddedBatch> {
  const { images, batch, embedder, signal, decoder = localDecoder(embedder), onUndecodable } = options;
  const waiting: { readonly chosen: readonly EncodedImage[]; readonly decoded: Promise<DecodedBatch> }[] = [];
  let next = 0;
  const decodeAhead = (): void => {
    while (waiting.length < decoder.ahead && next < images.length) {
      const chosen = chosenFrom(images, next, batch);
      const decoded = decoder.decode(chosen);
      // Shown when its turn comes, not before.
      decoded.catch(() => undefined);
      waiting.push({ chosen, decoded });
      next += batch;
    }
  };
  decodeAhead();
  for (let start = 0; start < images.length; start += batch) {
    signal?.throwIfAborted();
    const first = waiting.shift();
    if (first === undefined) throw new Error('no batch was decoded');
    const { chosen } = first;
    const { pixels, undecodable } = await first.decoded;
    for (const { position, failure } of undecodable) {
      if (onUndecodable === undefined) throw new FailureError([failure]);
      onUndecodable(start + position, failure);
    }
    decodeAhead();
    // The engines compute in this very thread: let the decoder take its work first.
    await nextTurn();
    yield { start, count: chosen.length, ...(await embedBoth(embedder, pixels, chosen)) };
  }
}

function chosenFrom(images: ImageSequence, start: number, count: number): EncodedImage[] {
  const length = Math.max(0, Math.min(count, images.length - start));
  return Array.from({ length }, (_, place) => images.at(start + place)).filter((image) => image !== undefined);
}

async function embedBoth(
  embedder: Embedder,
  pixels: Uint8Array,
  chosen: readonly EncodedImage[],
): Promise<Pick<EmbeddedBatch, 'original' | 'mirrored'>> {
  const rows = await embedder.embed(pixels, 2 * chosen.length);
  checkFinite(rows, embedder.embeddingSize, chosen);
  const middle = chosen.length * embedder.embeddingSize;
  return { original: rows.subarray(0, middle), mirrored: rows.subarray(middle) };
}

function checkFinite(rows: Float32Array, embeddingSize: number, chosen: readonly EncodedImage[]): void {
  const bad = rows.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const image = chosen[Math.floor(bad / embeddingSize) % chosen.length];
  const at = image === undefined ? undefined : { file: image.file };
  fail(failures.embeddingNotFinite({ what: image?.what ?? 'an image' }, at));
}
