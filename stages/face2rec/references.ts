import { FailureError } from '../../src/core/failure.ts';
import { imagesOutside } from '../../src/kit/codec/insightface/packing-list.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** Images that the list names by paths which lead out of the folder of images. */
export const references: FindReferences<Inputs> = function* ({ images, list }) {
  if (list === undefined) return;
  try {
    yield* imagesOutside(list, images);
  } catch (error) {
    // A damaged list: the packing tells.
    if (!(error instanceof FailureError)) throw error;
  }
};
