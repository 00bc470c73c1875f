import { verificationSetFacts } from '../../src/kit/face/verification-set-facts.ts';
import { requirePairs } from '../../src/kit/face/verify-set.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import { requireNames } from './breakdowns.ts';
import type { Inputs, Params } from './contract.ts';

/** The sets are verification sets with pairs enough for the folds; what goes by name has names. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs, whole, once }) => {
  const { pairs = [], protocol = [], groups, faces = [] } = inputs;
  if (['pairs', 'protocol', 'groups', 'faces'].every((port) => whole.has(port)))
    requireNames(params, { pairs, protocol, groups, faces });
  for (const path of pairs) {
    for (const set of once(`pairs ${path}`, () => verificationSetFacts(path)))
      requirePairs({ ...set, folds: params.folds });
  }
};
