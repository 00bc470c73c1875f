import { filesNamedBy } from '../../src/kit/net/exchange/named-files.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** Files that the model names beside it. */
export const references: FindReferences<Inputs> = ({ model }) => filesNamedBy([model]);
