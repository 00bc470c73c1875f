import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { requireEqualSizes } from './equal-sizes.ts';

/** The inputs are packed sets of images of one size; those that are to lose their damaged records may be bad ones. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { datasets = [] }, once }) => {
  if (params.unreadable === 'drop') return;
  requireEqualSizes(
    datasets.map((folder) => ({ folder, property: once(`dataset ${folder}`, () => packedSetFacts(folder)) })),
  );
};
