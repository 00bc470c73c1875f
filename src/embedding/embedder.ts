import { isOnnxruntimeOnCpu } from '../kit/net/engines/choose-engine.ts';
import { fail } from '../core/failure.ts';
import { compiledModule } from '../core/package-folder.ts';
import { WorkerPool } from '../core/worker-pool.ts';
import { failures as faceFailures } from '../kit/face/failures.ts';
import { featureContract } from '../kit/face/features/feature-contract.ts';
import type { ImageSize, RgbImage } from '../kit/image/rgb-image.ts';
import type { InputNormalization } from '../kit/net/exchange/model-format.ts';
import { licencesOfModels, type WeightLicence } from '../kit/net/model/weight-licences.ts';
import { type ContractedEmbedder, embeddingContract } from './contract.ts';
import { defaultModel } from './default-model.ts';
import type { Detector, Face } from './detector.ts';
import type { EmbeddingAnswer, EmbeddingJob, EmbeddingSetup, NetworkDescription } from './embedding-worker.ts';
import type { FaceTemplate } from '../kit/face/align-face.ts';
import { cutFace, usualTemplate } from './face-template.ts';
import { type ComputingOptions, computingWith } from './network-engine.ts';

export interface EmbedderOptions extends ComputingOptions {
  /** A model of any format that is read; by default the network that comes with the product. */
  readonly model?: string | undefined;
  /** Add the embedding of the mirror image, as verification does and its thresholds assume. Default true. */
  readonly mirrored?: boolean | undefined;
  /** Where the network expects the face; by default what networks of its input size were trained with. */
  readonly template?: FaceTemplate | undefined;
  /** What the network takes where its file does not say it: (value - mean) * scale. */
  readonly normalization?: InputNormalization | undefined;
  /** The output that holds the embedding, of a network with several. */
  readonly output?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Turns faces into vectors of length 1, whose dot product is the similarity of the faces. Made by {@link loadEmbedder}. */
export interface Embedder {
  /** Path of the model. */
  readonly model: string;
  /** Pixels of an aligned face. */
  readonly size: ImageSize;
  /** Numbers of a vector. */
  readonly embeddingSize: number;
  /** Engine, version and device that compute, for people. */
  readonly computesWith: string;
  /** Whether the embedding of the mirror image is added. */
  readonly mirrored: boolean;
  /** What may be done with the weights, as far as they are known. */
  readonly licences: readonly WeightLicence[];
  /** Cuts a face out of an image so that its points are where the network expects them. Fails with `no-points`, `equal-points`. */
  align(image: RgbImage, face: Face): RgbImage;
  /**
   * Vectors of aligned faces, each of length 1, in their order; the vector of a face does not depend on the others. Rejects with
   * `image-size-mismatch` for an image that is not {@link size}, and with the reason of the signal.
   */
  embed(faces: readonly RgbImage[], options?: { readonly signal?: AbortSignal }): Promise<readonly Float32Array[]>;
  /** Id that vectors must share to be compared: digests of network, options and detector (none: faces that were aligned before). */
  contract(detector?: Pick<Detector, 'identity'>): string;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Faces that a network sees at a time, however many an image shows: memory does not grow with them. With 8 the values between the layers
 * of a small network leave the caches of a processor: y1 takes a quarter to a half longer; r50 as long.
 */
const facesAtATime = 2;
/** More threads than this compute no faster than one that cuts faces can keep up with. */
const mostThreads = 8;

type EmbeddingPool = WorkerPool<EmbeddingSetup, EmbeddingJob, EmbeddingAnswer>;

/**
 * Loads an embedding network into threads of its own; the calling thread stays free. Rejects with the codes of the model's format,
 * `not-an-embedding`, `engine-not-installed`, and with the reason of the signal.
 */
export async function loadEmbedder(options: EmbedderOptions = {}): Promise<Embedder> {
  const { model = defaultModel(), mirrored = true, normalization, output, signal } = options;
  signal?.throwIfAborted();
  const { engine, threads } = computingWith(options);
  const divides = isOnnxruntimeOnCpu(engine);
  const count = divides ? Math.min(threads, mostThreads) : 1;
  const own = Math.max(1, Math.floor(threads / count));
  const pool: EmbeddingPool = new WorkerPool({
    module: compiledModule('src/embedding/embedding-worker.ts'),
    threads: count,
    setup: { model, engine, threads: own, normalization, output, mirrored },
  });
  try {
    const descriptions = await Promise.all(Array.from({ length: count }, () => pool.run({ kind: 'describe' })));
    signal?.throwIfAborted();
    const [described] = descriptions;
    if (described?.kind !== 'description') throw new Error('the threads of the embedder did not describe it');
    const { width, height, embeddingSize: columns } = described.description;
    const network = featureContract([{ path: model, height, width, columns }], normalization, output);
    const template = options.template ?? usualTemplate({ width, height });
    return new PooledEmbedder(
      { pool, threads: count, model, network: described.description },
      { network, template, mirrored },
    );
  } catch (error) {
    await pool.close();
    throw error;
  }
}

interface OpenedPool {
  readonly pool: EmbeddingPool;
  readonly threads: number;
  readonly model: string;
  readonly network: NetworkDescription;
}

class PooledEmbedder implements Embedder {
  readonly model;
  readonly size;
  readonly embeddingSize;
  readonly computesWith;
  readonly mirrored;
  readonly licences;
  readonly #opened: OpenedPool;
  readonly #contracted: ContractedEmbedder;
  #disposed: Promise<void> | undefined;

  constructor(opened: OpenedPool, contracted: ContractedEmbedder) {
    const { width, height, embeddingSize, computesWith } = opened.network;
    this.model = opened.model;
    this.size = { width, height };
    this.embeddingSize = embeddingSize;
    this.computesWith = opened.threads === 1 ? computesWith : `${computesWith}, in ${opened.threads} threads of ours`;
    this.mirrored = contracted.mirrored;
    this.licences = licencesOfModels([opened.model]);
    this.#opened = opened;
    this.#contracted = contracted;
  }

  align(image: RgbImage, face: Face): RgbImage {
    return cutFace(image, face, { size: this.size, template: this.#contracted.template });
  }

  async embed(
    faces: readonly RgbImage[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly Float32Array[]> {
    signal?.throwIfAborted();
    for (const face of faces) this.#requireSize(face);
    const vectors: Float32Array[] = [];
    let next = 0;
    const embedParts = async (): Promise<void> => {
      while (next < faces.length) {
        const start = next;
        next += facesAtATime;
        const part = await this.#embedPart(faces.slice(start, start + facesAtATime));
        for (const [place, vector] of part.entries()) vectors[start + place] = vector;
        signal?.throwIfAborted();
      }
    };
    // Two for each thread: one that it works on, and one to continue with. What is aborted is not begun.
    await Promise.all(Array.from({ length: 2 * this.#opened.threads }, embedParts));
    return vectors;
  }

  async #embedPart(faces: readonly RgbImage[]): Promise<readonly Float32Array[]> {
    const bytes = this.size.width * this.size.height * 3;
    const pixels = new Uint8Array(faces.length * bytes);
    for (const [place, { data }] of faces.entries()) pixels.set(data, place * bytes);
    const answer = await this.#opened.pool.run({ kind: 'embed', pixels, count: faces.length });
    if (answer.kind !== 'vectors') throw new Error(`vectors were expected, and ${answer.kind} came`);
    const { embeddingSize } = this;
    return faces.map((_, face) => answer.vectors.slice(face * embeddingSize, (face + 1) * embeddingSize));
  }

  #requireSize({ width, height, data }: RgbImage): void {
    const { size } = this;
    const isWhole = data.length === width * height * 3;
    if (isWhole && width === size.width && height === size.height) return;
    const found = isWhole ? `${width} x ${height}` : `${data.length} bytes for ${width} x ${height} pixels`;
    fail(faceFailures.imageSizeMismatch({ expected: `${size.width} x ${size.height}`, what: 'the face', found }));
  }

  contract(detector?: Pick<Detector, 'identity'>): string {
    return embeddingContract(this.#contracted, detector?.identity);
  }

  dispose(): Promise<void> {
    return (this.#disposed ??= this.#end());
  }

  async #end(): Promise<void> {
    const { pool, threads } = this.#opened;
    await Promise.all(Array.from({ length: threads }, () => pool.run({ kind: 'dispose' })));
    await pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Cosine of the angle between two vectors of length 1: -1 to 1, the greater the more alike. Their squared distance is 2 - 2 x it. */
export function similarity(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) throw new RangeError(`vectors of ${one.length} and ${other.length} numbers`);
  let sum = 0;
  for (let column = 0; column < one.length; column += 1) sum += (one[column] ?? 0) * (other[column] ?? 0);
  return sum;
}
