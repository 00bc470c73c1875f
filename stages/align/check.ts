import { existsSync } from 'node:fs';
import { fail, throwIfAny, type Failure } from '../../src/core/failure.ts';
import { failures as imageFailures } from '../../src/kit/image/failures.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import { arrangementOf, choosePhotographs } from './choose-photographs.ts';
import type { Inputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import type { Photographs } from './photograph.ts';
import { settingsOf } from './settings.ts';

/** Parameters and inputs fit each other, there is an image, and with strict those of a list are there. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { images, list }, whole }) => {
  const settings = settingsOf(params);
  // Which images a list names is not known before it is made.
  if (images === undefined || (list === undefined && !whole.has('list'))) return;
  const photographs = choosePhotographs({ images, list }, settings);
  const [first] = photographs.all();
  if (first === undefined) {
    fail(failures.nothingToAlign({ layout: arrangementOf({ images, list }, settings) }, { file: list ?? images }));
  }
  if (params.strict && list !== undefined) requireAll(photographs);
};

/** Names up to ten images that are not there. */
function requireAll(photographs: Photographs): void {
  const missing: Failure[] = [];
  for (const { path } of photographs.all()) {
    if (path === undefined || existsSync(path)) continue;
    missing.push(imageFailures.missingImage({}, { file: path }));
    if (missing.length === 10) break;
  }
  throwIfAny(missing);
}
