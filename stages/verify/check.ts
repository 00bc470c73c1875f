import { verificationSetFacts } from '../../src/kit/face/verification-set-facts.ts';
import { requirePairs } from '../../src/kit/face/verify-set.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';

/** The sets are verification sets with pairs enough for the folds. */
export const check: CheckInputs<Params, Inputs> = ({ params: { folds }, inputs: { pairs = [] }, once }) => {
  for (const path of pairs) {
    for (const set of once(`pairs ${path}`, () => verificationSetFacts(path))) requirePairs({ ...set, folds });
  }
};
