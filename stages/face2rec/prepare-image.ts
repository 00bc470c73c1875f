import { FailureError, type Failure } from '../../src/core/failure.ts';
import { DecodeBuffers } from '../../src/kit/image/decode-buffers.ts';
import { checkedImage, ReusableBuffer, storedImage, type StoredImage } from '../../src/kit/image/image-file.ts';
import { alignImage, type AlignmentMemory, type AlignmentRules } from './align-image.ts';
import { loadImage } from './load-image.ts';
import type { Image } from './image-source.ts';

export type Preparation =
  | ({ readonly outcome: 'ready' } & StoredImage)
  | { readonly outcome: 'unusable'; readonly failures: readonly [Failure, ...Failure[]] };

/** What a worker thread is asked. */
export interface PreparationJob {
  readonly image: Image;
  readonly rules: AlignmentRules;
}

/** Reads images one after the other: verbatim where they are aligned, cut out and encoded where they are not. */
export class ImagePreparer {
  readonly #memory: AlignmentMemory = { file: new ReusableBuffer(), pixels: new DecodeBuffers() };

  /**
   * The image, whose bytes stay as they are until the next call; a promise of it where something has to be decoded, for a
   * promise costs as much as reading a small file. Neither throws nor rejects for a bad image.
   */
  prepare(job: PreparationJob): Preparation | Promise<Preparation> {
    try {
      return job.image.aligned ? this.#prepareStored(job.image) : this.#prepareSlowly(this.#align(job));
    } catch (error) {
      return unusable(error);
    }
  }

  #prepareStored(image: Image): Preparation | Promise<Preparation> {
    const { bytes, source } = loadImage(image, this.#memory.file);
    const checked = checkedImage(bytes, source);
    return checked === undefined
      ? this.#prepareSlowly(storedImage(bytes, source))
      : { outcome: 'ready', bytes, width: checked.width, height: checked.height };
  }

  async #align({ image, rules }: PreparationJob): Promise<StoredImage> {
    return { bytes: await alignImage(image, rules, this.#memory), ...rules.size };
  }

  async #prepareSlowly(image: Promise<StoredImage>): Promise<Preparation> {
    try {
      return { outcome: 'ready', ...(await image) };
    } catch (error) {
      return unusable(error);
    }
  }
}

function unusable(error: unknown): Preparation {
  if (error instanceof FailureError) return { outcome: 'unusable', failures: error.failures };
  throw error;
}
