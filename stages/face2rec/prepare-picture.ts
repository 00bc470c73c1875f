import { FailureError, type Failure } from '../../src/core/failure.ts';
import { DecodingMemory } from '../../src/kit/image/decoding-memory.ts';
import { checkedPicture, PictureRoom, storedPicture, type StoredPicture } from '../../src/kit/image/picture-file.ts';
import { alignPicture, type AlignmentMemory, type AlignmentRules } from './align-picture.ts';
import { loadPicture } from './load-picture.ts';
import type { Picture } from './picture-source.ts';

export type Preparation =
  | ({ readonly outcome: 'ready' } & StoredPicture)
  | { readonly outcome: 'unusable'; readonly failures: readonly [Failure, ...Failure[]] };

/** What a worker thread is asked. */
export interface PreparationJob {
  readonly picture: Picture;
  readonly rules: AlignmentRules;
}

/** Reads pictures one after the other: verbatim where they are aligned, cut out and encoded where they are not. */
export class PicturePreparer {
  readonly #memory: AlignmentMemory = { file: new PictureRoom(), pixels: new DecodingMemory() };

  /**
   * The picture, whose bytes stay as they are until the next call; a promise of it where something has to be decoded, for a
   * promise costs as much as reading a small file. Neither throws nor rejects for a bad picture.
   */
  prepare(job: PreparationJob): Preparation | Promise<Preparation> {
    try {
      return job.picture.aligned ? this.#prepareStored(job.picture) : this.#prepareSlowly(this.#align(job));
    } catch (error) {
      return unusable(error);
    }
  }

  #prepareStored(picture: Picture): Preparation | Promise<Preparation> {
    const { bytes, source } = loadPicture(picture, this.#memory.file);
    const checked = checkedPicture(bytes, source);
    return checked === undefined
      ? this.#prepareSlowly(storedPicture(bytes, source))
      : { outcome: 'ready', bytes, width: checked.width, height: checked.height };
  }

  async #align({ picture, rules }: PreparationJob): Promise<StoredPicture> {
    return { bytes: await alignPicture(picture, rules, this.#memory), ...rules.size };
  }

  async #prepareSlowly(picture: Promise<StoredPicture>): Promise<Preparation> {
    try {
      return { outcome: 'ready', ...(await picture) };
    } catch (error) {
      return unusable(error);
    }
  }
}

function unusable(error: unknown): Preparation {
  if (error instanceof FailureError) return { outcome: 'unusable', failures: error.failures };
  throw error;
}
