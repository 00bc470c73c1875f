import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Failure, fail, FailureError } from '../../core/failure.ts';
import { decodeImage } from '../image/image.ts';
import type { FaceEmbedder } from './face-embedder.ts';
import { mirrorPixels } from './mirror-pixels.ts';

/** A picture that is yet to be decoded. */
export interface EncodedPicture {
  /** The bytes of its file; asked for once, when its batch is next. */
  readonly read: () => Uint8Array;
  /** The file it comes from, and what it is in there: `picture 17 of verification set lfw`. For failures. */
  readonly file: string;
  readonly what: string;
}

/** Embeddings of both orientations of some pictures, not normalised: rows of `embeddingSize` floats each. */
export interface EmbeddedBatch {
  /** Position of the first among the pictures. */
  readonly start: number;
  readonly count: number;
  readonly original: Float32Array;
  readonly mirrored: Float32Array;
}

/** Pictures by position; an array of them is one. */
export interface PictureSequence {
  readonly length: number;
  at(index: number): EncodedPicture | undefined;
}

export interface EmbedOptions {
  readonly embedder: FaceEmbedder;
  readonly pictures: PictureSequence;
  /** Pictures at a time; the network sees twice as many, for each is embedded as it is and mirrored. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the position of a picture that cannot be decoded, before its batch is given: what stands in its place
   * there means nothing. Without it the first such picture ends everything.
   */
  readonly onUndecodable?: ((index: number, failure: Failure) => void) | undefined;
}

/**
 * Embeds pictures, each as it is and mirrored left to right, in one pass of the network per batch; gives the batches in
 * order. While the network computes one batch, the next is decoded in the threads of the image library. Pictures are
 * decoded exactly as libjpeg does by default, which the published figures were measured with. Holds two batches.
 * Fails with `picture-size-mismatch`, `embedding-not-finite` and whatever the decoder finds.
 */
export async function* embedPictures(options: EmbedOptions): AsyncGenerator<EmbeddedBatch> {
  const { pictures, batch, signal } = options;
  let decoding = decodeBatch(options, chosenFrom(pictures, 0, batch), 0);
  for (let start = 0; start < pictures.length; start += batch) {
    signal?.throwIfAborted();
    const chosen = chosenFrom(pictures, start, batch);
    const pixels = await decoding;
    decoding = decodeBatch(options, chosenFrom(pictures, start + batch, batch), start + batch);
    // Shown when its turn comes, not before.
    decoding.catch(() => undefined);
    // The engines compute in this very thread: let the decoder take its work first.
    await nextTurn();
    yield { start, count: chosen.length, ...(await embedBoth(options.embedder, pixels, chosen)) };
  }
}

function chosenFrom(pictures: PictureSequence, start: number, count: number): EncodedPicture[] {
  const length = Math.max(0, Math.min(count, pictures.length - start));
  return Array.from({ length }, (_, place) => pictures.at(start + place)).filter((picture) => picture !== undefined);
}

/** The pictures, then room for their mirror images. */
async function decodeBatch(
  { embedder, onUndecodable }: EmbedOptions,
  chosen: readonly EncodedPicture[],
  start: number,
): Promise<Uint8Array> {
  const pictureBytes = embedder.height * embedder.width * 3;
  const pixels = new Uint8Array(2 * chosen.length * pictureBytes);
  const decoded = chosen.map(async (picture, place) => {
    try {
      pixels.set(await decodePicture(embedder, picture), place * pictureBytes);
    } catch (error) {
      if (onUndecodable === undefined || !(error instanceof FailureError)) throw error;
      onUndecodable(start + place, error.failures[0]);
    }
  });
  await Promise.all(decoded);
  return pixels;
}

async function embedBoth(
  embedder: FaceEmbedder,
  pixels: Uint8Array,
  chosen: readonly EncodedPicture[],
): Promise<Pick<EmbeddedBatch, 'original' | 'mirrored'>> {
  const half = pixels.length / 2;
  pixels.copyWithin(half, 0, half);
  mirrorPixels(pixels.subarray(half), embedder.width);
  const rows = await embedder.embed(pixels, 2 * chosen.length);
  checkFinite(rows, embedder.embeddingSize, chosen);
  const middle = chosen.length * embedder.embeddingSize;
  return { original: rows.subarray(0, middle), mirrored: rows.subarray(middle) };
}

async function decodePicture(embedder: FaceEmbedder, { read, file, what }: EncodedPicture): Promise<Uint8Array> {
  const picture = await decodeImage(read(), { file, what });
  if (picture.width !== embedder.width || picture.height !== embedder.height) {
    fail({
      code: 'picture-size-mismatch',
      message:
        `The network takes pictures of ${embedder.width} x ${embedder.height} pixels, ` +
        `${what} has ${picture.width} x ${picture.height}.`,
      at: { file },
      hint: 'Pack the set from pictures aligned to the size the network was trained on.',
    });
  }
  return picture.data;
}

function checkFinite(rows: Float32Array, embeddingSize: number, chosen: readonly EncodedPicture[]): void {
  const bad = rows.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const picture = chosen[Math.floor(bad / embeddingSize) % chosen.length];
  fail({
    code: 'embedding-not-finite',
    message: `The network gave an embedding of ${picture?.what ?? 'a picture'} that is not made of finite numbers.`,
    ...(picture === undefined ? {} : { at: { file: picture.file } }),
    hint: 'If it was trained here, the training has diverged: lower the learning rate, or warm it up.',
  });
}
