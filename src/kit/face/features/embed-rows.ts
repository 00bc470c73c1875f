import type { Failure } from '../../../core/failure.ts';
import type { Embedder } from '../../net/sessions/inference-session.ts';
import type { BatchDecoder } from '../decode-batch.ts';
import { embedImages, type ImageSequence, type Orientations } from '../embed-images.ts';
import { unitSum } from '../pair-distances.ts';
import type { RowFile } from './row-file.ts';

export interface EmbedRowsOptions {
  readonly embedder: Embedder;
  readonly images: ImageSequence;
  /** Where the rows are kept while they are computed. */
  readonly file: RowFile;
  /** Images at a time. */
  readonly batch: number;
  /** `both` (the default): the sum of the image as it is and mirrored; `original`: the image as it is. */
  readonly orientations?: Orientations;
  readonly decoder?: BatchDecoder | undefined;
  readonly signal: AbortSignal;
  /** Called with an image that cannot be read, which gets no row; without it the first such image fails the whole. */
  readonly onUndecodable?: ((failure: Failure) => void) | undefined;
  /** Called after every batch with the number of images that are done. */
  readonly onProgress: (done: number) => void;
}

/**
 * Embeds images into rows of length 1 and adds them to a file, after those that an earlier attempt has left there. A zero
 * row stays zero. Fails as {@link embedImages} does.
 */
export async function embedRows({ images, file, onUndecodable, ...options }: EmbedRowsOptions): Promise<void> {
  const begin = file.next;
  const remaining = { length: images.length - begin, at: (index: number) => images.at(begin + index) };
  const skipped = new Set<number>();
  const skip = (index: number, failure: Failure): void => {
    skipped.add(index);
    onUndecodable?.(failure);
  };
  const skipping = onUndecodable === undefined ? {} : { onUndecodable: skip };
  const size = options.embedder.embeddingSize;
  const unit = new Float64Array(size);
  for await (const batch of embedImages({ ...options, ...skipping, images: remaining })) {
    const { start, count, original, mirrored } = batch;
    for (let place = 0; place < count; place += 1) {
      if (skipped.has(start + place)) continue;
      const row = [place * size, (place + 1) * size] as const;
      unitSum([original.subarray(...row), mirrored.subarray(...row)], unit);
      file.add({ position: begin + start + place, values: Float32Array.from(unit) });
    }
    options.onProgress(begin + start + count);
  }
}
