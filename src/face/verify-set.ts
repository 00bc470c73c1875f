import { digestOf } from '../base/digest.ts';
import { fail } from '../base/failure.ts';
import { type RgbImage, decodeImage } from '../format/image.ts';
import type { VerificationSet } from '../format/verification-set.ts';
import { areaUnderCurve } from './area-under-curve.ts';
import { type FoldAccuracy, foldAccuracy } from './fold-accuracy.ts';
import { mirrorPixels } from './mirror-pixels.ts';
import { pairDistances, rowNorms } from './pair-distances.ts';
import { tarAtFar } from './tar-at-far.ts';
import type { VerificationResult } from './verification-result.ts';
import { worstPairs } from './worst-pairs.ts';

/** False acceptance rates that are reported; 1e-3 is the one of the 2018 system. */
const rates = [1e-1, 1e-2, 1e-3, 1e-4];

/** Turns pictures into embeddings; `src/net/embedder.ts` makes them. */
export interface FaceEmbedder {
  /** Size of the pictures the network takes. */
  readonly height: number;
  readonly width: number;
  /** Floats per embedding. */
  readonly embeddingSize: number;
  /**
   * Embeds `count` RGB pictures, rows of bytes 0..255, one after the other (count x height x width x 3).
   * Resolves to count x embeddingSize floats, not normalised. `count` may vary from call to call.
   */
  embed(pixels: Uint8Array, count: number): Promise<Float32Array>;
}

export interface VerifySetOptions {
  readonly embedder: FaceEmbedder;
  readonly set: VerificationSet;
  /** Name of the set, for the result and for failures. */
  readonly name: string;
  /** Where the set was read from, for failures; its name if not given. */
  readonly file?: string;
  /** Contiguous folds, 10 as a rule; 1: threshold chosen and tested on all pairs. */
  readonly folds: number;
  /** Pictures per forward pass. */
  readonly batch: number;
  /** Wrong pairs of either kind to keep with thumbnails; 0 (the default) while training. */
  readonly worst?: number;
  readonly signal?: AbortSignal;
  /** Called after every batch with the number of distinct pictures done, of `total`. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Embeds a verification set and measures it. Holds one batch of decoded pictures and two embeddings per picture in memory.
 * Fails with `no-pairs`, `too-few-pairs`, `picture-size-mismatch`, `embedding-not-finite` and whatever the decoder finds.
 */
export async function verifySet(options: VerifySetOptions): Promise<VerificationResult> {
  checkPairs(options);
  const { set, folds, embedder } = options;
  const embeddings = await embedSet(options);
  const score = (matrices: readonly Float32Array[]): { distances: Float64Array; same: readonly boolean[] } => ({
    distances: pairDistances(matrices, embedder.embeddingSize),
    same: set.same,
  });
  const plain = foldAccuracy(score([embeddings.original]), folds);
  const pairs = score([embeddings.original, embeddings.mirrored]);
  const result = foldAccuracy(pairs, folds);
  return {
    version: 1,
    set: options.name,
    pairs: set.same.length,
    samePairs: set.same.filter(Boolean).length,
    embeddingSize: embedder.embeddingSize,
    ...result,
    ...withoutFlip(plain),
    xnorm: meanNorm([embeddings.original, embeddings.mirrored], embedder.embeddingSize),
    areaUnderCurve: areaUnderCurve(pairs),
    tarAtFar: tarAtFar(pairs, folds, rates),
    worst: await worstPairs({ pairs, folds: result.folds, set, limit: options.worst ?? 0 }),
    distances: Array.from(pairs.distances, (distance) => Number(distance.toFixed(6))),
    same: set.same,
  };
}

function withoutFlip(plain: FoldAccuracy): { accuracyWithoutFlip: number; deviationWithoutFlip: number } {
  return { accuracyWithoutFlip: plain.accuracy, deviationWithoutFlip: plain.deviation };
}

function checkPairs({ set, name, folds }: VerifySetOptions): void {
  const pairs = set.same.length;
  if (pairs === 0) {
    fail({
      code: 'no-pairs',
      message: `The verification set ${name} holds no pairs; at least one per fold is needed.`,
      hint: 'Was it packed without a protocol?',
    });
  }
  if (pairs < folds) {
    fail({
      code: 'too-few-pairs',
      message: `The verification set ${name} holds ${pairs} pairs, fewer than the ${folds} folds asked for.`,
      hint: 'Ask for fewer folds.',
    });
  }
}

interface SetEmbeddings {
  /** pictures x embeddingSize. */
  readonly original: Float32Array;
  readonly mirrored: Float32Array;
}

/** Embeds every distinct picture once (the 12,000 of LFW's pairs are 7,701) and spreads the results over the set. */
async function embedSet(options: VerifySetOptions): Promise<SetEmbeddings> {
  const { embeddingSize } = options.embedder;
  const { distinct, positions } = distinctPictures(options.set.images);
  const embedded = await embedPictures(options, distinct);
  checkFinite(options.name, [embedded.original, embedded.mirrored]);
  const spread = (matrix: Float32Array): Float32Array => {
    const result = new Float32Array(positions.length * embeddingSize);
    positions.forEach((position, index) => {
      result.set(matrix.subarray(position * embeddingSize, (position + 1) * embeddingSize), index * embeddingSize);
    });
    return result;
  };
  return { original: spread(embedded.original), mirrored: spread(embedded.mirrored) };
}

/** Embeds the pictures with the given indices, in that order. */
async function embedPictures(options: VerifySetOptions, indices: readonly number[]): Promise<SetEmbeddings> {
  const { embedder, batch, signal, onProgress } = options;
  const total = indices.length;
  const original = new Float32Array(total * embedder.embeddingSize);
  const mirrored = new Float32Array(total * embedder.embeddingSize);
  const pictureBytes = embedder.height * embedder.width * 3;
  const pixels = new Uint8Array(Math.min(batch, total) * pictureBytes);
  for (let start = 0; start < total; start += batch) {
    signal?.throwIfAborted();
    const chosen = indices.slice(start, start + batch);
    const filled = pixels.subarray(0, chosen.length * pictureBytes);
    const pictures = await Promise.all(chosen.map((index) => decodePicture(options, index)));
    pictures.forEach((picture, place) => {
      filled.set(picture, place * pictureBytes);
    });
    original.set(await embedder.embed(filled, chosen.length), start * embedder.embeddingSize);
    mirrorPixels(filled, embedder.width);
    mirrored.set(await embedder.embed(filled, chosen.length), start * embedder.embeddingSize);
    onProgress?.(start + chosen.length, total);
  }
  return { original, mirrored };
}

/** Which pictures differ (index of the first of each), and for every picture its position among those. */
function distinctPictures(images: readonly Uint8Array[]): { distinct: number[]; positions: number[] } {
  const known = new Map<string, number>();
  const distinct: number[] = [];
  const positions = images.map((bytes, index) => {
    const digest = digestOf(bytes);
    const position = known.get(digest) ?? distinct.push(index) - 1;
    known.set(digest, position);
    return position;
  });
  return { distinct, positions };
}

async function decodePicture({ embedder, set, name, file }: VerifySetOptions, index: number): Promise<Uint8Array> {
  const label = `picture ${index} of verification set ${name}`;
  const source = { file: file ?? name, what: label };
  const picture: RgbImage = await decodeImage(set.images[index] ?? new Uint8Array(), source);
  if (picture.width !== embedder.width || picture.height !== embedder.height) {
    fail({
      code: 'picture-size-mismatch',
      message:
        `The network takes pictures of ${embedder.width} x ${embedder.height} pixels, ` +
        `${label} has ${picture.width} x ${picture.height}.`,
      at: { file: file ?? name },
      hint: 'Pack the set from pictures aligned to the size the network was trained on.',
    });
  }
  return picture.data;
}

function checkFinite(name: string, matrices: readonly Float32Array[]): void {
  if (matrices.every((matrix) => matrix.every(Number.isFinite))) return;
  fail({
    code: 'embedding-not-finite',
    message: `The network gave embeddings of verification set ${name} that are not finite numbers.`,
    hint: 'The training has diverged: lower the learning rate, or warm it up.',
  });
}

function meanNorm(matrices: readonly Float32Array[], embeddingSize: number): number {
  const norms = matrices.flatMap((matrix) => Array.from(rowNorms(matrix, embeddingSize)));
  return norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
}
