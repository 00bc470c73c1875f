import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, identityImages, type IdentityImages } from '../../src/kit/dataset/dataset-copy.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';

/** Copies some identities, and some images of each, into a smaller packed set. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, seed } = context;
  const from = new PackedDataset(inputs.dataset);
  try {
    const chosen = chooseImages(identityImages(from), params, seed);
    if (chosen.length === 0) {
      fail(failures.nothingToPack({ min: params.minImagesPerIdentity }, { file: inputs.dataset }));
    }
    const identities = chosen.map(({ positions }, label) => ({ from, positions, label }));
    const total = chosen.reduce((sum, { positions }) => sum + positions.length, 0);
    const progress = new WorkProgress(context, 'images', total);
    const options = { folder: outputs.dataset, labelForm: params.labels, onImage: () => progress.step() };
    const manifest = await copyIdentities(identities, options);
    progress.end();
    context.emit({ type: 'metric', name: 'identities', value: manifest.identities });
    context.emit({ type: 'metric', name: 'images', value: manifest.images });
  } finally {
    from.close();
  }
};

/** The identities and images that are kept, in the order of the set. */
function chooseImages(identities: readonly IdentityImages[], params: Params, seed: number): IdentityImages[] {
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
