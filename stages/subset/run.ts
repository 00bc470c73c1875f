import { fail } from '../../src/core/failure.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities } from '../../src/kit/dataset/dataset-copy.ts';
import { identityImages } from '../../src/kit/dataset/identity-images.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { chooseImages } from './choose-images.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Copies some identities, and some images of each, into a smaller packed set. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, seed } = context;
  const from = new PackedDataset(inputs.dataset);
  try {
    const chosen = chooseImages(identityImages(from), params, seed);
    if (chosen.length === 0) {
      fail({
        code: 'nothing-to-pack',
        message: `no identity has ${params.minImagesPerIdentity} images or more`,
        at: { file: inputs.dataset },
      });
    }
    const identities = chosen.map(({ positions }, label) => ({ from, positions, label }));
    const total = chosen.reduce((sum, { positions }) => sum + positions.length, 0);
    const progress = new WorkProgress(context, 'images', total);
    const options = { labelForm: params.labels };
    const manifest = await copyIdentities(identities, outputs.dataset, options, () => progress.step());
    progress.end();
    context.emit({ type: 'metric', name: 'identities', value: manifest.identities });
    context.emit({ type: 'metric', name: 'images', value: manifest.images });
  } finally {
    from.close();
  }
};
