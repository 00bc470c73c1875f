import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { eachRow } from '../../src/kit/face/features/each-row.ts';
import type { ListedRows } from '../../src/kit/face/features/listed-rows.ts';
import { failures } from './failures.ts';

/** Half the width of the interval that noise is drawn from (insightface, src/megaface/remove_noises.py). */
const reach = 0.001;

/**
 * What replaces the feature of each probe that is noise: the sum of the clean features of its person, plus uniform noise of at most
 * 0.001 in every dimension, brought to length 1. [noises, columns], in the order of `noises`. The noise of an image depends on the
 * seed and its name alone. Fails with `none-clean` if a person has noise only.
 */
export function noisyCentres(
  store: FeatureStore,
  { names, rows, people }: ListedRows,
  { noises, seed }: { readonly noises: readonly number[]; readonly seed: number },
): Float32Array {
  const { columns } = store;
  const isNoise = new Set(noises);
  const centres = new Map(noises.map((position) => [people.at(position) ?? '', new Float64Array(columns)]));
  const clean = new Set<string>();
  const needed = [...rows.keys()].filter(
    (position) => !isNoise.has(position) && centres.has(people.at(position) ?? ''),
  );
  for (const { place, values } of eachRow(
    store,
    needed.map((position) => rows[position] ?? 0),
  )) {
    const person = people.at(needed[place] ?? 0) ?? '';
    const centre = centres.get(person);
    clean.add(person);
    for (let column = 0; column < columns; column += 1) {
      if (centre !== undefined) centre[column] = (centre[column] ?? 0) + (values[column] ?? 0);
    }
  }
  const unclean = [...centres.keys()].filter((person) => !clean.has(person));
  if (unclean.length > 0) fail(failures.noneClean({ people: unclean }, { file: store.folder }));
  const replacements = new Float32Array(noises.length * columns);
  for (const [place, position] of noises.entries()) {
    const random = Random.derive(seed, `noise ${names.at(position) ?? ''}`);
    const centre = centres.get(people.at(position) ?? '') ?? new Float64Array(columns);
    const noisy = centre.map((value) => value + random.uniform(-reach, reach));
    const norm = Math.hypot(...noisy);
    replacements.set(
      noisy.map((value) => value / norm),
      place * columns,
    );
  }
  return replacements;
}
