import { compiledModule } from '../../core/package-folder.ts';
import { WorkerPool } from '../../core/worker-pool.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import type { BatchDecoder, DecodedBatch, EncodedImage, OtherSizes, UndecodableImage } from './decode-batch.ts';
import type { DecoderJob, DecoderSetup } from './decoder-worker.ts';

export interface DecoderThreadsOptions {
  readonly size: ImageSize;
  /** Images of a batch, at most. */
  readonly batch: number;
  readonly threads: number;
  /** What an image of another size is: a failure of the batch (default), or one that cannot be decoded. */
  readonly otherSizes?: OtherSizes;
}

/**
 * Threads that read, decode and mirror images while the network computes: it computes in the calling thread, which can do
 * nothing else meanwhile. Holds four batches per thread at most.
 */
export class DecoderThreads implements BatchDecoder {
  readonly ahead: number;
  readonly #pool: WorkerPool<DecoderSetup, DecoderJob, readonly UndecodableImage[]>;
  readonly #slots: readonly Uint8Array[];
  readonly #free: number[];
  readonly #imageBytes: number;

  constructor({ size, batch, threads, otherSizes = 'fail' }: DecoderThreadsOptions) {
    this.ahead = 2 * threads;
    this.#imageBytes = size.height * size.width * 3;
    const bytes = 2 * batch * this.#imageBytes;
    this.#slots = Array.from({ length: this.ahead }, () => new Uint8Array(new SharedArrayBuffer(bytes)));
    this.#free = this.#slots.map((_, slot) => slot);
    this.#pool = new WorkerPool({
      module: compiledModule('src/kit/face/decoder-worker.ts'),
      threads,
      setup: { size, slots: this.#slots, otherSizes },
    });
  }

  async decode(images: readonly EncodedImage[]): Promise<DecodedBatch> {
    const slot = this.#free.shift();
    const filled = slot === undefined ? undefined : this.#slots[slot];
    if (slot === undefined || filled === undefined) throw new Error(`more than ${this.ahead} batches were asked for`);
    const undecodable = await this.#pool.run({ slot, images: images.map(placed) });
    // A copy, in memory that is not shared: the slot is filled again while the network computes.
    const pixels = filled.slice(0, 2 * images.length * this.#imageBytes);
    this.#free.push(slot);
    return { pixels, undecodable };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

function placed({ place, what }: EncodedImage): DecoderJob['images'][number] {
  if (place === undefined) throw new Error(`${what} cannot be read by another thread`);
  return { place, what };
}
