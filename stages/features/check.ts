import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';

/** The input is a packed set; one that is to lose its damaged records may be a bad one. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { dataset }, once }) => {
  if (params.unreadable === 'drop') return;
  if (dataset !== undefined) once(`dataset ${dataset}`, () => packedSetFacts(dataset));
};
