import { fail } from '../../src/base/failure.ts';
import type { Stage } from '../../src/base/stage.ts';
import { WorkProgress } from '../../src/base/work-progress.ts';
import { copyIdentities } from '../../src/format/dataset-copy.ts';
import { identityImages } from '../../src/format/identity-images.ts';
import { PackedDataset } from '../../src/format/packed-dataset.ts';
import { chooseImages } from './choose-images.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Copies some identities, and some pictures of each, into a smaller packed set. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, seed } = context;
  const from = new PackedDataset(inputs.dataset);
  try {
    const chosen = chooseImages(identityImages(from), params, seed);
    if (chosen.length === 0) {
      fail({
        code: 'nothing-to-pack',
        message: `no identity has ${params.minImagesPerIdentity} pictures or more`,
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
