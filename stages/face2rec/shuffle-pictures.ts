import { Random } from '../../src/core/random.ts';
import type { Picture, PictureSource } from './picture-source.ts';

/** `list`: as given. `identities`: identities in random order, each with its pictures together. `images`: all mixed. */
export type PackingOrder = 'list' | 'identities' | 'images';

/** Puts pictures in another order. All but `list` keep the names of all pictures in memory. */
export function orderPictures(source: PictureSource, order: PackingOrder, seed: number): PictureSource {
  if (order === 'list') return source;
  const random = Random.derive(seed, 'order of packing');
  const pictures = [...source()];
  if (order === 'images') {
    random.shuffle(pictures);
    return () => pictures;
  }
  const identities = groupByLabel(pictures);
  random.shuffle(identities);
  return function* (): Generator<Picture> {
    for (const identity of identities) yield* identity;
  };
}

function groupByLabel(pictures: readonly Picture[]): Picture[][] {
  const groups = new Map<number, Picture[]>();
  for (const picture of pictures) {
    const group = groups.get(picture.label);
    if (group === undefined) groups.set(picture.label, [picture]);
    else group.push(picture);
  }
  return [...groups.values()];
}
