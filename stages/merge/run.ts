import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, repeatable } from '../../src/kit/dataset/dataset-copy.ts';
import { IdentityTable } from '../../src/kit/dataset/identity-table.ts';
import { openPackedSet } from '../../src/kit/dataset/open-packed-set.ts';
import type { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { requireEqualSizes } from './equal-sizes.ts';

/** Joins packed sets: the identities of each follow those of the set before. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const sets: PackedDataset[] = [];
  try {
    for (const folder of inputs.datasets) sets.push(await openPackedSet(folder, params.unreadable, context));
    requireEqualSizes(sets);
    const total = sets.reduce((sum, { imageCount }) => sum + imageCount, 0);
    const tables = sets.map((set) => new IdentityTable(set));
    const identities = repeatable(function* () {
      let label = 0;
      for (const table of tables) {
        for (let place = 0; place < table.size; place += 1) {
          yield { from: table.set, positions: table.positionsAt(place), label, name: table.nameAt(place) };
          label += 1;
        }
      }
    });
    const progress = new WorkProgress(context, 'images', total);
    const manifest = await copyIdentities(identities, {
      folder: outputs.dataset,
      labelForm: params.labels,
      onImage: () => progress.step(),
      onPlain: (message) => {
        context.emit({ type: 'log', level: 'warning', message });
      },
    });
    progress.end();
    context.emit({ type: 'metric', name: 'identities', value: manifest.identities });
    context.emit({ type: 'metric', name: 'images', value: manifest.images });
  } finally {
    for (const set of sets) set.close();
  }
};
