import { type Digest, digestOf } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import type { VerificationSet } from '../codec/insightface/verification-set.ts';
import { areaUnderCurve } from './area-under-curve.ts';
import { embedImages } from './embed-images.ts';
import { type EmbeddingStore, MemoryEmbeddings } from './embedding-store.ts';
import { failures } from './failures.ts';
import { breakdown, type BreakdownRequest } from './breakdown.ts';
import type { Embedder } from '../net/sessions/inference-session.ts';
import { foldAccuracy } from './fold-accuracy.ts';
import { pairDistances, rowNorms } from './pair-distances.ts';
import { isMeasurable } from './uncertainty/error-curve.ts';
import { resamplingOf } from './uncertainty/resampling.ts';
import { setUncertainty, type UncertaintyRequest } from './uncertainty/set-uncertainty.ts';
import { tarAtFar } from './tar-at-far.ts';
import type { TarAtFar, VerificationResult } from './verification-result.ts';
import { worstPairs } from './worst-pairs.ts';

/** False acceptance rates that are reported unless others are asked for; 1e-3 is the one of the 2018 system. */
const usualRates = [1e-1, 1e-2, 1e-3, 1e-4];

export interface VerifySetOptions {
  readonly embedder: Embedder;
  readonly set: VerificationSet;
  /** Name of the set, for the result and for failures. */
  readonly name: string;
  /** Where the set was read from, for failures; its name if not given. */
  readonly file?: string;
  /** Name of the model, for the result. */
  readonly model?: string;
  /** Contiguous folds, 10 as a rule; 1: threshold chosen and tested on all pairs. */
  readonly folds: number;
  /** Images at a time; the network sees each as it is and mirrored. */
  readonly batch: number;
  /** What is known of the network's embeddings; shared between sets, an image is embedded once. */
  readonly store?: EmbeddingStore;
  /** Wrong pairs of either kind to keep with thumbnails; 0 (the default) while training. */
  readonly worst?: number;
  /** Draws of the set's people for the intervals of the figures; 0 (the default) while training: none. */
  readonly draws?: number;
  /** False acceptance rates to report. */
  readonly rates?: readonly number[];
  /** By what else the errors are told apart; nothing unless given. */
  readonly by?: BreakdownRequest['by'];
  readonly signal?: AbortSignal;
  /** Called after every batch with the number of images embedded, of the `total` that were not in the store. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Embeds a verification set and measures it. Holds two batches of decoded images and two embeddings per image in memory.
 * Fails with `no-pairs`, `too-few-pairs`, `image-size-mismatch`, `embedding-not-finite` and whatever the decoder finds.
 */
export async function verifySet(options: VerifySetOptions): Promise<VerificationResult> {
  requirePairs(options);
  const { set, folds, embedder } = options;
  const digests = set.images.map((bytes) => digestOf(bytes));
  const embeddings = await embedSet(options, digests);
  const score = (matrices: readonly Float32Array[]): { distances: Float64Array; same: readonly boolean[] } => ({
    distances: pairDistances(matrices, embedder.embeddingSize),
    same: set.same,
  });
  const plain = foldAccuracy(score([embeddings.original]), folds);
  const pairs = score([embeddings.original, embeddings.mirrored]);
  const result = foldAccuracy(pairs, folds);
  const { draws = 0, rates = usualRates, by = {} } = options;
  const people = by.people ?? digests;
  const request = { pairs, images: people, folds, rates, draws, seed: 1 };
  const norms = imageNorms(embeddings, embedder.embeddingSize);
  return {
    model: options.model ?? '',
    set: options.name,
    pairs: set.same.length,
    samePairs: set.same.filter(Boolean).length,
    embeddingSize: embedder.embeddingSize,
    ...result,
    accuracyWithoutFlip: plain.accuracy,
    deviationWithoutFlip: plain.deviation,
    xnorm: meanNorm([embeddings.original, embeddings.mirrored], embedder.embeddingSize),
    areaUnderCurve: areaUnderCurve(pairs),
    tarAtFar: tarAtFar(pairs, folds, rates).map((each) => orNothing(each, set.same)),
    ...(draws === 0 ? {} : uncertaintyOf(request)),
    ...(await breakdown({ ...request, by, norms, set, name: options.name })),
    worst: await worstPairs({ pairs, folds: result.folds, set, limit: options.worst ?? 0 }),
    distances: Array.from(pairs.distances, (distance) => Number(distance.toFixed(6))),
    same: set.same,
  };
}

function uncertaintyOf(request: UncertaintyRequest): Pick<VerificationResult, 'uncertainty' | 'people'> {
  const { person } = resamplingOf(request.images, request.pairs.same);
  return { uncertainty: setUncertainty(request), people: Array.from(person) };
}

/** A rate below one of the different pairs is not measurable: not a number, which JSON has as null. */
function orNothing(each: TarAtFar, same: readonly boolean[]): TarAtFar {
  const different = same.filter((isSame) => !isSame).length;
  return isMeasurable(each.far, different) ? each : { ...each, tar: NaN, deviation: NaN, measuredFar: NaN };
}

/** Fails with `no-pairs` or `too-few-pairs`; to be called before anything is computed. */
export function requirePairs({
  set,
  name,
  file,
  folds,
}: Pick<VerifySetOptions, 'name' | 'file' | 'folds'> & {
  readonly set: { readonly same: { readonly length: number } };
}): void {
  const at = file === undefined ? undefined : { file };
  const pairs = set.same.length;
  if (pairs === 0) fail(failures.noPairs({ name }, at));
  if (pairs < folds) fail(failures.tooFewPairs({ name, pairs, folds }, at));
}

interface SetEmbeddings {
  /** images x embeddingSize. */
  readonly original: Float32Array;
  readonly mirrored: Float32Array;
}

/** Embeds every distinct image once (the 12,000 of LFW's pairs are 7,701) and spreads the results over the set. */
async function embedSet(options: VerifySetOptions, digests: readonly Digest[]): Promise<SetEmbeddings> {
  const { embedder, store = new MemoryEmbeddings() } = options;
  await embedMissing(options, digests, store);
  const size = embedder.embeddingSize;
  const original = new Float32Array(digests.length * size);
  const mirrored = new Float32Array(digests.length * size);
  for (const [index, digest] of digests.entries()) {
    const embedded = store.find(digest);
    if (embedded === undefined) throw new Error(`image ${index} has not been embedded`);
    original.set(embedded.original, index * size);
    mirrored.set(embedded.mirrored, index * size);
  }
  return { original, mirrored };
}

async function embedMissing(
  options: VerifySetOptions,
  digests: readonly Digest[],
  store: EmbeddingStore,
): Promise<void> {
  const { embedder, set, name, file = name, batch, signal, onProgress } = options;
  const missing = new Map<Digest, number>();
  for (const [index, digest] of digests.entries()) {
    if (!missing.has(digest) && store.find(digest) === undefined) missing.set(digest, index);
  }
  const toEmbed = [...missing.keys()];
  const images = [...missing.values()].map((index) => ({
    read: () => set.images[index] ?? new Uint8Array(),
    file,
    what: `image ${index} of verification set ${name}`,
  }));
  const size = embedder.embeddingSize;
  for await (const { start, count, original, mirrored } of embedImages({ embedder, images, batch, signal })) {
    for (const [place, digest] of toEmbed.slice(start, start + count).entries()) {
      const row = [place * size, (place + 1) * size] as const;
      store.add(digest, { original: original.subarray(...row), mirrored: mirrored.subarray(...row) });
    }
    onProgress?.(start + count, toEmbed.length);
  }
}

function meanNorm(matrices: readonly Float32Array[], embeddingSize: number): number {
  const norms = matrices.flatMap((matrix) => Array.from(rowNorms(matrix, embeddingSize)));
  return norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
}

/** Of each image the mean of both orientations. */
function imageNorms({ original, mirrored }: SetEmbeddings, embeddingSize: number): Float64Array {
  const [one, other] = [rowNorms(original, embeddingSize), rowNorms(mirrored, embeddingSize)];
  return one.map((norm, image) => (norm + (other[image] ?? 0)) / 2);
}
