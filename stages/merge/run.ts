import { fail } from '../../src/core/failure.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities } from '../../src/kit/dataset/dataset-copy.ts';
import { identityImages } from '../../src/kit/dataset/identity-images.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Joins packed sets: the identities of each follow those of the set before. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const sets = inputs.datasets.map((folder) => new PackedDataset(folder));
  try {
    requireEqualSizes(sets);
    const identities = sets.flatMap((from) => identityImages(from).map(({ positions }) => ({ from, positions })));
    const numbered = identities.map((identity, label) => ({ ...identity, label }));
    const total = sets.reduce((sum, { imageCount }) => sum + imageCount, 0);
    const progress = new WorkProgress(context, 'images', total);
    const options = { labelForm: params.labels };
    const manifest = await copyIdentities(numbered, outputs.dataset, options, () => progress.step());
    progress.end();
    context.emit({ type: 'metric', name: 'identities', value: manifest.identities });
    context.emit({ type: 'metric', name: 'images', value: manifest.images });
  } finally {
    for (const set of sets) set.close();
  }
};

function requireEqualSizes([first, ...others]: readonly PackedDataset[]): void {
  for (const { property, folder } of others) {
    if (property.width === first?.property.width && property.height === first.property.height) continue;
    fail({
      code: 'unequal-sizes',
      message: `the images have ${property.width} x ${property.height} pixels, those of ${first?.folder ?? ''} have ${first?.property.width ?? 0} x ${first?.property.height ?? 0}`,
      at: { file: folder },
      hint: 'A packed set holds images of one size: pack both with the same imageSize.',
    });
  }
}
