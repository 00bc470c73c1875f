import { packedSetFacts } from '../../src/kit/dataset/packed-set-facts.ts';
import { requireFittingSets } from '../../src/kit/dataset/packed-sets.ts';
import { requireSize, verificationSetFacts } from '../../src/kit/face/verification-set-facts.ts';
import { fail } from '../../src/core/failure.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { requireComparison } from './require-comparison.ts';

/** The sets are packed sets of images of one size, which those of the excluded people have too, and there are such people. */
export const check: CheckInputs<Params, Inputs> = ({ inputs, whole, once }) => {
  const { datasets = [], pairs = [], excluded = [] } = inputs;
  if (['datasets', 'pairs', 'excluded'].every((port) => whole.has(port)))
    requireComparison({ datasets, pairs, excluded });
  const factsOf = (folder: string) => ({ folder, ...once(`dataset ${folder}`, () => packedSetFacts(folder)) });
  const sets = datasets.map(factsOf);
  requireFittingSets(sets);
  const [first] = sets;
  for (const set of excluded.map(factsOf)) if (first !== undefined) requireFittingSets([first, set]);
  for (const set of pairs.flatMap((path) => once(`pairs ${path}`, () => verificationSetFacts(path)))) {
    if (set.set.same.length === 0) fail(failures.noExcludedPeople({ name: set.name }, { file: set.file }));
    if (first !== undefined) requireSize(set, first);
  }
};
