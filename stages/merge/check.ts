import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { requireEqualSizes } from './equal-sizes.ts';

/** The inputs are packed sets of images of one size. */
export const check: CheckInputs<Params, Inputs> = ({ inputs: { datasets = [] }, once }) => {
  requireEqualSizes(
    datasets.map((folder) => ({ folder, property: once(`dataset ${folder}`, () => packedSetFacts(folder)) })),
  );
};
