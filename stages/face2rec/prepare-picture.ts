import { FailureError, type Failure } from '../../src/base/failure.ts';
import { storedPicture, type StoredPicture } from '../../src/format/picture-file.ts';
import { alignPicture, type AlignmentRules } from './align-picture.ts';
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

function readStored(picture: Picture): Promise<StoredPicture> {
  const { bytes, source } = loadPicture(picture);
  return storedPicture(bytes, source);
}

/** Reads a picture: verbatim where it is aligned, cut out and encoded where it is not. Never rejects for a bad picture. */
export async function preparePicture({ picture, rules }: PreparationJob): Promise<Preparation> {
  try {
    if (picture.aligned) return { outcome: 'ready', ...(await readStored(picture)) };
    return { outcome: 'ready', bytes: await alignPicture(picture, rules), ...rules.size };
  } catch (error) {
    if (error instanceof FailureError) return { outcome: 'unusable', failures: error.failures };
    throw error;
  }
}
