import { listsBeside } from '../../src/kit/codec/lists/cfp-split.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** The lists of images that a split of CFP refers to. */
export const references: FindReferences<Inputs> = ({ protocol }) => listsBeside(protocol);
