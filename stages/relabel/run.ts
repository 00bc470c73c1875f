import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, repeatable } from '../../src/kit/dataset/dataset-copy.ts';
import { IdentityTable } from '../../src/kit/dataset/identity-table.ts';
import { openPackedSet } from '../../src/kit/dataset/open-packed-set.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Numbers the identities of a packed set again from 0, in the order of their first images. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const from = await openPackedSet(inputs.dataset, params.unreadable, context);
  try {
    const table = new IdentityTable(from);
    const identities = repeatable(function* () {
      for (let label = 0; label < table.size; label += 1)
        yield { from, positions: table.positionsAt(label), label, name: table.nameAt(label) };
    });
    const progress = new WorkProgress(context, 'images', from.imageCount);
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
    from.close();
  }
};
