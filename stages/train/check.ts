import type { EngineIdentity } from '../../src/core/engine-identity.ts';
import { requireAugmentations } from '../../src/kit/dataset/augmentations/index.ts';
import {
  requireBatch,
  requireGroups,
  requireIdentities,
  requireSeveralGroups,
  requireWholeGroups,
} from '../../src/kit/dataset/batch-order.ts';
import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import { requireFittingSets } from '../../src/kit/dataset/packed-sets.ts';
import { requireArithmetic } from '../../src/kit/net/engines/arithmetic.ts';
import { lossOf } from '../../src/kit/net/losses/index.ts';
import { requireSize, verificationSetFacts } from '../../src/kit/face/verification-set-facts.ts';
import { requirePairs } from '../../src/kit/face/verify-set.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { requireClassifierToKeep, startingClassifier } from './classifier.ts';
import { fittingNetwork } from './fitting-network.ts';
import { frozenLayers } from './frozen-layers.ts';
import { pretrainedParameters } from './pretrained.ts';
import { requireSteps } from './schedule-steps.ts';
import { requireParts } from './shares.ts';
import { folds, requireValidation } from './validation.ts';

/**
 * The rate falls before the end, the engine computes as it is told, a batch fits in the sets, which go together and show several people, the network takes its images,
 * has the layers to freeze and is that of the pretrained model, and the sets to watch have pairs, and images of the same size.
 */
export const check: CheckInputs<Params, Inputs> = ({
  params,
  inputs: { dataset = [], validation = [], pretrained },
  engine,
  whole,
  once,
}) => {
  // A set that another task has yet to make is one to watch, too.
  if (whole.has('validation')) requireValidation(params, validation);
  requireSteps(params);
  requireArithmeticOf(params, engine);
  requireClassifierToKeep(params);
  requireParts(params);
  requireAugmentations(params.augment ?? {});
  const { sampling } = lossOf(params.loss);
  if (sampling !== undefined) {
    requireWholeGroups(params.batch, sampling);
    requireSeveralGroups(params.batch, sampling);
  }
  const sets = dataset.map((folder) => ({ folder, ...once(`dataset ${folder}`, () => packedSetFacts(folder)) }));
  requireFittingSets(sets);
  const [first] = sets;
  // Sets that other tasks have yet to make may have more images and people.
  if (first !== undefined && whole.has('dataset')) {
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
    const identities = sum(sets.map((set) => set.identities));
    requireIdentities({ identities }, first.recordPath);
    // Batches of whole identities have the images of one that has few of them again.
    if (sampling !== undefined) requireGroups({ identities, batch: params.batch, sampling }, first.recordPath);
    else requireBatch({ images: sum(sets.map(({ images }) => images)), batch: params.batch }, first.recordPath);
  }
  if (first !== undefined) {
    const network = fittingNetwork(params.network, first, first.folder);
    frozenLayers(params, network);
    if (pretrained !== undefined || whole.has('pretrained')) {
      const classes = sets.reduce((total, { identities }) => total + identities, 0);
      const { loss, startClassifier = false } = params;
      if (startClassifier && whole.has('dataset')) {
        const start = { pretrained: pretrained ?? '', network: params.network, loss: { ...loss }, classes };
        once(`classifier ${JSON.stringify(start)}`, () => [
          ...startingClassifier(params, { pretrained }, { network, classes }).keys(),
        ]);
      }
    }
    if (pretrained !== undefined) {
      // Of many tasks that differ in a seed, the file is read once.
      const start = { pretrained, network: params.network, drawMissing: params.drawMissing ?? false };
      once(`start ${JSON.stringify(start)}`, () => pretrainedParameters(pretrained, network, params).origin);
    }
  }
  for (const set of validation.flatMap((path) => once(`pairs ${path}`, () => verificationSetFacts(path)))) {
    requirePairs({ ...set, folds });
    if (first !== undefined) requireSize(set, first);
  }
};

/** The engine is asked for where it is to round otherwise than by itself: else an experiment can be checked where it is not installed. */
function requireArithmeticOf({ precision, xla }: Params, engine: () => EngineIdentity | undefined): void {
  if ((precision ?? 'float32') === 'float32' && xla !== true) return;
  const identity = engine();
  if (identity !== undefined) requireArithmetic({ precision, xla }, identity);
}
