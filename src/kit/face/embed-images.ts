import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Failure, fail, FailureError } from '../../core/failure.ts';
import { decodeImage } from '../image/image.ts';
import type { Embedder } from '../net/sessions/inference-session.ts';
import { failures } from './failures.ts';

/** An image that is yet to be decoded. */
export interface EncodedImage {
  /** The bytes of its file; asked for once, when its batch is next. */
  readonly read: () => Uint8Array;
  /** The file it comes from, and what it is in there: `image 17 of verification set lfw`. For failures. */
  readonly file: string;
  readonly what: string;
}

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
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the position of an image that cannot be decoded, before its batch is yielded; its rows there are
   * meaningless. Without it the first such image fails the whole.
   */
  readonly onUndecodable?: ((index: number, failure: Failure) => void) | undefined;
}

/**
 * Embeds images, each as it is and mirrored left to right, in one pass of the network per batch; yields the batches in
 * order. While the network computes one batch, the next is decoded in the threads of the image library. Images are
 * decoded exactly as libjpeg does by default, which the published figures were measured with. Holds two batches.
 * Fails with `image-size-mismatch`, `embedding-not-finite` and whatever the decoder finds.
 */
export async function* embedImages(options: EmbedOptions): AsyncGenerator<EmbeddedBatch> {
  const { images, batch, signal } = options;
  let decoding = decodeBatch(options, chosenFrom(images, 0, batch), 0);
  for (let start = 0; start < images.length; start += batch) {
    signal?.throwIfAborted();
    const chosen = chosenFrom(images, start, batch);
    const pixels = await decoding;
    decoding = decodeBatch(options, chosenFrom(images, start + batch, batch), start + batch);
    // Shown when its turn comes, not before.
    decoding.catch(() => undefined);
    // The engines compute in this very thread: let the decoder take its work first.
    await nextTurn();
    yield { start, count: chosen.length, ...(await embedBoth(options.embedder, pixels, chosen)) };
  }
}

function chosenFrom(images: ImageSequence, start: number, count: number): EncodedImage[] {
  const length = Math.max(0, Math.min(count, images.length - start));
  return Array.from({ length }, (_, place) => images.at(start + place)).filter((image) => image !== undefined);
}

/** The images, then room for their mirror images. */
async function decodeBatch(
  { embedder, onUndecodable }: EmbedOptions,
  chosen: readonly EncodedImage[],
  start: number,
): Promise<Uint8Array> {
  const imageBytes = embedder.height * embedder.width * 3;
  const pixels = new Uint8Array(2 * chosen.length * imageBytes);
  const decoded = chosen.map(async (image, place) => {
    try {
      pixels.set(await decodeForEmbedder(embedder, image), place * imageBytes);
    } catch (error) {
      if (onUndecodable === undefined || !(error instanceof FailureError)) throw error;
      onUndecodable(start + place, error.failures[0]);
    }
  });
  await Promise.all(decoded);
  return pixels;
}

async function embedBoth(
  embedder: Embedder,
  pixels: Uint8Array,
  chosen: readonly EncodedImage[],
): Promise<Pick<EmbeddedBatch, 'original' | 'mirrored'>> {
  const half = pixels.length / 2;
  pixels.copyWithin(half, 0, half);
  mirrorPixels(pixels.subarray(half), embedder.width);
  const rows = await embedder.embed(pixels, 2 * chosen.length);
  checkFinite(rows, embedder.embeddingSize, chosen);
  const middle = chosen.length * embedder.embeddingSize;
  return { original: rows.subarray(0, middle), mirrored: rows.subarray(middle) };
}

async function decodeForEmbedder(embedder: Embedder, { read, file, what }: EncodedImage): Promise<Uint8Array> {
  const image = await decodeImage(read(), { file, what });
  if (image.width !== embedder.width || image.height !== embedder.height) {
    const facts = {
      expected: `${embedder.width} x ${embedder.height}`,
      what,
      found: `${image.width} x ${image.height}`,
    };
    fail(failures.imageSizeMismatch(facts, { file }));
  }
  return image.data;
}

function checkFinite(rows: Float32Array, embeddingSize: number, chosen: readonly EncodedImage[]): void {
  const bad = rows.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const image = chosen[Math.floor(bad / embeddingSize) % chosen.length];
  const at = image === undefined ? undefined : { file: image.file };
  fail(failures.embeddingNotFinite({ what: image?.what ?? 'an image' }, at));
}

/** Mirrors RGB images left to right in place: every row of `width` pixels is reversed. */
export function mirrorPixels(pixels: Uint8Array, width: number): void {
  const rowBytes = width * 3;
  for (let row = 0; row < pixels.length; row += rowBytes) {
    for (let left = row, right = row + rowBytes - 3; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel += 1) {
        const value = pixels[left + channel] ?? 0;
        pixels[left + channel] = pixels[right + channel] ?? 0;
        pixels[right + channel] = value;
      }
    }
  }
}
