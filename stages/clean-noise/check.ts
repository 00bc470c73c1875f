import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';

/** The input is a packed set. */
export const check: CheckInputs<Params, Inputs> = ({ inputs: { dataset }, once }) => {
  if (dataset !== undefined) once(`dataset ${dataset}`, () => packedSetFacts(dataset));
};
