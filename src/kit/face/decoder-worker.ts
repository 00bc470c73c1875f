import { serveJobs } from '../../core/worker-pool.ts';
import { ImagePlaceReader, type ImagePlace } from '../dataset/image-place.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { decodeInto, type OtherSizes, type UndecodableImage } from './decode-batch.ts';

/** What a thread that decodes is started with. */
export interface DecoderSetup {
  readonly size: ImageSize;
  /** In shared memory, [2 x batch, height, width, 3] each. */
  readonly slots: readonly Uint8Array[];
  readonly otherSizes: OtherSizes;
}

/** Images to fill a slot with: as they are, then mirrored. */
export interface DecoderJob {
  readonly slot: number;
  readonly images: readonly { readonly place: ImagePlace; readonly what: string }[];
}

serveJobs(({ size, slots, otherSizes }: DecoderSetup) => {
  const reader = new ImagePlaceReader();
  return async ({ slot, images }: DecoderJob): Promise<readonly UndecodableImage[]> => {
    const pixels = slots[slot];
    if (pixels === undefined) throw new Error(`there is no slot ${String(slot)}`);
    const encoded = images.map(({ place, what }) => ({ read: () => reader.read(place), file: place.file, what }));
    return decodeInto(pixels, encoded, { size, otherSizes });
  };
});
