import { fail } from '../../src/core/failure.ts';
import type { Random } from '../../src/core/random.ts';
import type { FolderIdentity } from '../../src/kit/dataset/image-folder.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/** Two people of a fold are compared with each other. */
const peoplePerFold = 2;

type Wanted = Pick<Params, 'people' | 'folds' | 'minImagesPerIdentity'>;

/** Those that may be held out. Fails with `too-few-people`. */
export function eligiblePeople(
  identities: readonly FolderIdentity[],
  { people, folds, minImagesPerIdentity: minImages }: Wanted,
  folder: string,
): FolderIdentity[] {
  const eligible = identities.filter(({ images }) => images.length >= minImages);
  const found = eligible.length;
  if (people > found) fail(failures.tooFewPeople({ wanted: people, found, minImages }, { file: folder }));
  const wanted = peoplePerFold * folds;
  const held = people === 0 ? found : people;
  if (held < wanted) fail(failures.tooFewPeople({ wanted, found: held, minImages, folds }, { file: folder }));
  return eligible;
}

/**
 * Draws who is held out, and deals them into folds: those with the most images first, to and fro, so that every fold
 * can make about equally many pairs.
 */
export function dealPeople(
  eligible: readonly FolderIdentity[],
  { people, folds }: Wanted,
  random: Random,
): FolderIdentity[][] {
  const shuffled = [...eligible];
  random.shuffle(shuffled);
  const held = people === 0 ? shuffled : shuffled.slice(0, people);
  const byImages = held.toSorted((one, other) => other.images.length - one.images.length);
  const dealt = Array.from({ length: folds }, (): FolderIdentity[] => []);
  for (const [place, person] of byImages.entries()) {
    const round = Math.floor(place / folds);
    const within = place % folds;
    dealt[round % 2 === 0 ? within : folds - 1 - within]?.push(person);
  }
  return dealt;
}
