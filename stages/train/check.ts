import { requireBatch, requireWholeGroups } from '../../src/kit/dataset/batch-order.ts';
import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import { lossOf } from '../../src/kit/net/losses/index.ts';
import { requireSize, verificationSetFacts } from '../../src/kit/face/verification-set-facts.ts';
import { requirePairs } from '../../src/kit/face/verify-set.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { fittingNetwork } from './fitting-network.ts';
import { frozenLayers } from './frozen-layers.ts';
import { requireSteps } from './schedule-steps.ts';
import { folds, requireValidation } from './validation.ts';

/** The rate falls before the end, a batch fits in the set, the network takes its images and has the layers to freeze, and the sets to watch have pairs, and images of the same size. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { dataset, validation = [] }, once }) => {
  requireValidation(params, validation);
  requireSteps(params);
  const { sampling } = lossOf(params.loss);
  if (sampling !== undefined) requireWholeGroups(params.batch, sampling);
  const facts = dataset === undefined ? undefined : once(`dataset ${dataset}`, () => packedSetFacts(dataset));
  if (dataset !== undefined && facts !== undefined) {
    requireBatch({ images: facts.images, batch: params.batch }, facts.recordPath);
    frozenLayers(params, fittingNetwork(params.network, facts, dataset));
  }
  for (const set of validation.flatMap((path) => once(`pairs ${path}`, () => verificationSetFacts(path)))) {
    requirePairs({ ...set, folds });
    if (facts !== undefined) requireSize(set, facts);
  }
};
