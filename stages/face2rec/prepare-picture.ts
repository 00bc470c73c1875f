import { FailureError, type Failure } from '../../src/base/failure.ts';
import { decodeImage, requireSound } from '../../src/format/image.ts';
import { alignPicture, readPictureFile, type AlignmentRules } from './align-picture.ts';
import type { Picture } from './picture-source.ts';

/** A picture as it is stored. */
export interface PreparedPicture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export type Preparation =
  | ({ readonly outcome: 'ready' } & PreparedPicture)
  | { readonly outcome: 'unusable'; readonly failures: readonly [Failure, ...Failure[]] };

/** What a worker thread is asked. */
export interface PreparationJob {
  readonly picture: Picture;
  readonly rules: AlignmentRules;
}

/** Reads a picture: verbatim where it is aligned, cut out and encoded where it is not. Never rejects for a bad picture. */
export async function preparePicture({ picture, rules }: PreparationJob): Promise<Preparation> {
  try {
    if (picture.aligned) return { outcome: 'ready', ...(await readAligned(picture.path)) };
    return { outcome: 'ready', bytes: await alignPicture(picture, rules), ...rules.size };
  } catch (error) {
    if (error instanceof FailureError) return { outcome: 'unusable', failures: error.failures };
    throw error;
  }
}

/** The picture's bytes as they are, and its size; fails where it cannot be decoded. */
export async function readAligned(path: string): Promise<PreparedPicture> {
  const bytes = readPictureFile(path);
  const { width, height } = requireSound(bytes, path) ?? (await decodeImage(bytes, path));
  return { bytes, width, height };
}
