import { fail } from '../../src/core/failure.ts';
import { listImageFolder } from '../../src/kit/dataset/image-folder.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { eligiblePeople } from './hold-out.ts';
import { failures } from './failures.ts';

/** There are people enough, and a model if hard pairs are asked for. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { images, model }, whole }) => {
  if (params.hardShare > 0 && model === undefined && whole.has('model')) fail(failures.needsModel(params));
  if (images !== undefined) eligiblePeople(listImageFolder(images).identities, params, images);
};
