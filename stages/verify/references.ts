import { listsBeside } from '../../src/kit/codec/lists/cfp-split.ts';
import { filesNamedBy } from '../../src/kit/net/exchange/named-files.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** Files that the models name beside them, and the lists of images that splits of CFP refer to. */
export const references: FindReferences<Inputs> = function* ({ model, protocol }) {
  yield* filesNamedBy(model);
  for (const each of protocol) yield* listsBeside(each);
};
