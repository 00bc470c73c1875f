import type { Embedder } from '../embedding/embedder.ts';
import type { RgbImage } from '../kit/image/rgb-image.ts';

/** A batch that is full goes at once. */
const facesOfBatch = 16;
/** While networks compute, others may come: so long at most. */
const waitMs = 5;

interface WaitingFace {
  readonly face: RgbImage;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Embeds the faces of requests that come at the same time together. The networks compute the same bits for each face as alone, so that
 * no client can tell; where nothing computes, no request waits.
 */
export class VectorBatcher {
  readonly #embedder: Embedder;
  #waiting: WaitingFace[] = [];
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #computing = 0;
  /** For the metrics. */
  readonly counts = { batches: 0, faces: 0, seconds: 0 };

  constructor(embedder: Embedder) {
    this.#embedder = embedder;
  }

  embed(faces: readonly RgbImage[]): Promise<readonly Float32Array[]> {
    return Promise.all(faces.map((face) => this.#add(face)));
  }

  #add(face: RgbImage): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ face, resolve, reject });
      if (this.#waiting.length >= facesOfBatch) this.#send();
      // Where nothing computes, only those of the same moment go together: a timer takes a millisecond at least.
      else if (this.#computing === 0) this.#immediate ??= setImmediate(this.#send);
      else this.#timer ??= setTimeout(this.#send, waitMs);
    });
  }

  readonly #send = (): void => {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length > 0) void this.#compute(batch);
  };

  async #compute(batch: readonly WaitingFace[]): Promise<void> {
    this.#computing += 1;
    this.counts.batches += 1;
    this.counts.faces += batch.length;
    const start = performance.now();
    try {
      const vectors = await this.#embedder.embed(batch.map(({ face }) => face));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const vector = vectors[index];
        if (vector === undefined) reject(new Error('a face has no vector'));
        else resolve(vector);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#computing -= 1;
      this.counts.seconds += (performance.now() - start) / 1000;
    }
  }
}
