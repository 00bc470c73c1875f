import { Random } from '../../src/core/random.ts';
import type { IdentityImages } from '../../src/kit/dataset/identity-images.ts';
import type { Params } from './contract.ts';

/** The identities and images that are kept, in the order of the set. */
export function chooseImages(identities: readonly IdentityImages[], params: Params, seed: number): IdentityImages[] {
  const random = params.choose === 'random' ? Random.derive(seed, 'subset') : undefined;
  const enough = identities.filter(({ positions }) => positions.length >= params.minImagesPerIdentity);
  return take(enough, params.identities, random).map(({ label, positions }) => ({
    label,
    positions: take(positions, params.imagesPerIdentity, random),
  }));
}

/** At most `count` items, in their order: the first, or random ones. 0: all. */
function take<Item>(items: readonly Item[], count: number, random: Random | undefined): Item[] {
  if (count === 0 || items.length <= count) return [...items];
  if (random === undefined) return items.slice(0, count);
  const places = Array.from(items.keys());
  random.shuffle(places);
  const chosen = new Set(places.slice(0, count));
  return items.filter((_, place) => chosen.has(place));
}
