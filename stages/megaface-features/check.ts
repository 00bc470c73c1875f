import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';

/** The inputs that should be packed sets are. */
export const check: CheckInputs<Params, Inputs> = ({ inputs: { probeSet, distractorSet }, once }) => {
  for (const dataset of [probeSet, distractorSet]) {
    if (dataset !== undefined) once(`dataset ${dataset}`, () => packedSetFacts(dataset));
  }
};
