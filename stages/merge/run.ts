import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, identityImages } from '../../src/kit/dataset/dataset-copy.ts';
import { requireExactIds } from '../../src/kit/dataset/dataset-writer.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { requireEqualSizes } from './equal-sizes.ts';

/** Joins packed sets: the identities of each follow those of the set before. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const sets = inputs.datasets.map((folder) => new PackedDataset(folder));
  try {
    requireEqualSizes(sets);
    const total = sets.reduce((sum, { imageCount }) => sum + imageCount, 0);
    requireExactIds({ images: total, identities: sets.length, canOrder: false }, inputs.datasets.at(-1) ?? '');
    const identities = sets.flatMap((from) => identityImages(from).map(({ positions }) => ({ from, positions })));
    const numbered = identities.map((identity, label) => ({ ...identity, label }));
    const progress = new WorkProgress(context, 'images', total);
    const options = { folder: outputs.dataset, labelForm: params.labels, onImage: () => progress.step() };
    const manifest = await copyIdentities(numbered, options);
    progress.end();
    context.emit({ type: 'metric', name: 'identities', value: manifest.identities });
    context.emit({ type: 'metric', name: 'images', value: manifest.images });
  } finally {
    for (const set of sets) set.close();
  }
};
