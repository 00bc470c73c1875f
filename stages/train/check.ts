import { requireBatch, requireWholeGroups } from '../../src/kit/dataset/batch-order.ts';
import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import { lossOf } from '../../src/kit/net/losses/index.ts';
import { requireSize, verificationSetFacts } from '../../src/kit/face/verification-set-facts.ts';
import { requirePairs } from '../../src/kit/face/verify-set.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { fittingNetwork } from './fitting-network.ts';
import { folds, requireValidation } from './validation.ts';

/** A batch fits in the set, the network takes its images, and the sets to watch have pairs, and images of the same size. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { dataset, validation = [] }, once }) => {
  requireValidation(params, validation);
  const { sampling } = lossOf(params.loss);
  if (sampling !== undefined) requireWholeGroups(params.batch, sampling);
  const facts = dataset === undefined ? undefined : once(`dataset ${dataset}`, () => packedSetFacts(dataset));
  if (dataset !== undefined && facts !== undefined) {
    requireBatch({ images: facts.images, batch: params.batch }, facts.recordPath);
    fittingNetwork(params.network, facts, dataset);
  }
  for (const set of validation.flatMap((path) => once(`pairs ${path}`, () => verificationSetFacts(path)))) {
    requirePairs({ ...set, folds });
    if (facts !== undefined) requireSize(set, facts);
  }
};
