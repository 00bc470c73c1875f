import { filesNamedBy } from '../../src/kit/net/exchange/named-files.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** Files that the models name beside them. */
export const references: FindReferences<Inputs> = ({ pretrained, peopleModel }) =>
  filesNamedBy([pretrained, peopleModel].filter((path) => path !== undefined));
