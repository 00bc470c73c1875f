import { selectPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { readProtocol, requireAll } from './read-protocol.ts';

/** The images that the protocol names are there. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { images, protocol } }) => {
  if (images === undefined || protocol === undefined) return;
  const pairs = selectPairs(readProtocol(protocol, images), params.folds, protocol);
  if (params.missing === 'fail') requireAll(pairs, { images, protocol });
};
