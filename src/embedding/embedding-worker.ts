import { fail } from '../core/failure.ts';
import { serveJobs } from '../core/worker-pool.ts';
import { mirrorPixels } from '../kit/face/decode-batch.ts';
import { failures as faceFailures } from '../kit/face/failures.ts';
import { unitSum } from '../kit/face/pair-distances.ts';
import { type EmbedderOptions, loadEmbedder } from '../kit/net/sessions/embedder.ts';
import type { Embedder } from '../kit/net/sessions/inference-session.ts';

/** What a thread of the library's embedder is started with. */
export interface EmbeddingSetup extends EmbedderOptions {
  /** Add the embedding of the mirror image. */
  readonly mirrored: boolean;
}

export type EmbeddingJob =
  | { readonly kind: 'describe' }
  | { readonly kind: 'embed'; readonly pixels: Uint8Array; readonly count: number }
  | { readonly kind: 'dispose' };

export type EmbeddingAnswer =
  | { readonly kind: 'description'; readonly description: NetworkDescription }
  /** [count, embeddingSize], each of length 1. */
  | { readonly kind: 'vectors'; readonly vectors: Float32Array }
  | { readonly kind: 'disposed' };

export type NetworkDescription = Pick<Embedder, 'width' | 'height' | 'embeddingSize' | 'computesWith'>;

serveJobs((setup: EmbeddingSetup) => {
  let loaded: Promise<Embedder> | undefined;
  return async (job: EmbeddingJob): Promise<EmbeddingAnswer> => {
    const embedder = await (loaded ??= loadEmbedder({ ...setup, asGraph: true }));
    switch (job.kind) {
      case 'describe': {
        const { width, height, embeddingSize, computesWith } = embedder;
        return { kind: 'description', description: { width, height, embeddingSize, computesWith } };
      }
      case 'embed':
        return { kind: 'vectors', vectors: await unitVectors(embedder, job, setup) };
      case 'dispose':
        await embedder.dispose();
        return { kind: 'disposed' };
    }
  };
});

async function unitVectors(
  embedder: Embedder,
  { pixels, count }: Extract<EmbeddingJob, { kind: 'embed' }>,
  { mirrored, model }: EmbeddingSetup,
): Promise<Float32Array> {
  const { embeddingSize: size } = embedder;
  const fed = mirrored ? withMirrorImages(pixels, embedder.width) : pixels;
  const rows = await embedder.embed(fed, mirrored ? 2 * count : count);
  if (rows.some((value) => !Number.isFinite(value))) {
    fail(faceFailures.embeddingNotFinite({ what: 'the face' }, { file: model }));
  }
  const vectors = new Float32Array(count * size);
  const unit = new Float64Array(size);
  for (let face = 0; face < count; face += 1) {
    const own = rows.subarray(face * size, (face + 1) * size);
    const other = rows.subarray((count + face) * size, (count + face + 1) * size);
    unitSum(mirrored ? [own, other] : [own], unit);
    vectors.set(unit, face * size);
  }
  return vectors;
}

function withMirrorImages(pixels: Uint8Array, width: number): Uint8Array {
  const both = new Uint8Array(2 * pixels.length);
  both.set(pixels);
  both.set(pixels, pixels.length);
  mirrorPixels(both.subarray(pixels.length), width);
  return both;
}
