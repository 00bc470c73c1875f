import { fail } from '../../src/core/failure.ts';
import { listImageFolder } from '../../src/kit/dataset/image-folder.ts';
import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { eligiblePeople } from './hold-out.ts';
import { failures } from './failures.ts';
import { openPeople } from './people-source.ts';

/** There are people enough, and a model if hard pairs are asked for. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs, whole, once }) => {
  const { images, dataset, model } = inputs;
  if (['images', 'dataset'].every((port) => whole.has(port)) && (images === undefined) === (dataset === undefined))
    openPeople({ images, dataset });
  if (params.hardShare > 0 && model === undefined && whole.has('model')) fail(failures.needsModel(params));
  if (images !== undefined) eligiblePeople(listImageFolder(images).identities, params, images);
  if (dataset !== undefined) once(`dataset ${dataset}`, () => packedSetFacts(dataset));
};
