import { Random } from '../../src/core/random.ts';
import type { Image, ImageSource } from './image-source.ts';

/** `list`: as given. `identities`: identities in random order, each with its images together. `images`: all mixed. */
export type PackingOrder = 'list' | 'identities' | 'pictures';

/** Puts images in another order. All but `list` keep the names of all images in memory. */
export function orderImages(source: ImageSource, order: PackingOrder, seed: number): ImageSource {
  if (order === 'list') return source;
  const random = Random.derive(seed, 'order of packing');
  const images = [...source()];
  if (order === 'pictures') {
    random.shuffle(images);
    return () => images;
  }
  const identities = groupByLabel(images);
  random.shuffle(identities);
  return function* (): Generator<Image> {
    for (const identity of identities) yield* identity;
  };
}

function groupByLabel(images: readonly Image[]): Image[][] {
  const groups = new Map<number, Image[]>();
  for (const image of images) {
    const group = groups.get(image.label);
    if (group === undefined) groups.set(image.label, [image]);
    else group.push(image);
  }
  return [...groups.values()];
}
