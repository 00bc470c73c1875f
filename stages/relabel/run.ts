import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, identityImages } from '../../src/kit/dataset/dataset-copy.ts';
import { requireExactIds } from '../../src/kit/dataset/dataset-writer.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Numbers the identities of a packed set again from 0, in the order of their first images. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const from = new PackedDataset(inputs.dataset);
  try {
    // All images are kept: whether they can be is known before the first is read.
    requireExactIds({ images: from.imageCount, identities: 1, canOrder: false }, inputs.dataset);
    const identities = identityImages(from).map(({ positions }, label) => ({ from, positions, label }));
    const progress = new WorkProgress(context, 'images', from.imageCount);
    const options = { folder: outputs.dataset, labelForm: params.labels, onImage: () => progress.step() };
    const manifest = await copyIdentities(identities, options);
    progress.end();
    context.emit({ type: 'metric', name: 'identities', value: manifest.identities });
    context.emit({ type: 'metric', name: 'images', value: manifest.images });
  } finally {
    from.close();
  }
};
