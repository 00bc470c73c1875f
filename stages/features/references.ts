import { FailureError } from '../../src/core/failure.ts';
import { imagesOutside } from '../../src/kit/codec/insightface/packing-list.ts';
import { filesNamedBy } from '../../src/kit/net/exchange/named-files.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** Files that the models name beside them, and images that the list names by paths which lead out of the folder of images. */
export const references: FindReferences<Inputs> = function* ({ model, images, list }) {
  yield* filesNamedBy(model);
  if (images === undefined || list === undefined) return;
  try {
    yield* imagesOutside(list, images);
  } catch (error) {
    // A damaged list: the stage tells.
    if (!(error instanceof FailureError)) throw error;
  }
};
