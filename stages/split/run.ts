import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, repeatable } from '../../src/kit/dataset/dataset-copy.ts';
import { IdentityTable } from '../../src/kit/dataset/identity-table.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';

/** Divides a packed set by identity; no identity is in both parts. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, seed } = context;
  const from = new PackedDataset(inputs.dataset);
  try {
    const table = new IdentityTable(from);
    if (params.validationIdentities >= table.size) {
      const facts = { validation: params.validationIdentities, identities: table.size };
      fail(failures.tooFewIdentities(facts, { file: inputs.dataset }));
    }
    const places = Array.from({ length: table.size }, (_, place) => place);
    Random.derive(seed, 'split').shuffle(places);
    const chosen = new Set(places.slice(0, params.validationIdentities));
    const progress = new WorkProgress(context, 'images', from.imageCount);
    const write = async (folder: string, isChosen: (place: number) => boolean, name: string): Promise<void> => {
      const part = repeatable(function* () {
        let label = 0;
        for (let place = 0; place < table.size; place += 1) {
          if (!isChosen(place)) continue;
          yield { from, positions: table.positionsAt(place), label };
          label += 1;
        }
      });
      const manifest = await copyIdentities(part, {
        folder,
        labelForm: params.labels,
        onImage: () => progress.step(),
        onPlain: (message) => {
          context.emit({ type: 'log', level: 'warning', message: `${name}: ${message}` });
        },
      });
      context.emit({ type: 'metric', name: `${name} identities`, value: manifest.identities });
      context.emit({ type: 'metric', name: `${name} images`, value: manifest.images });
    };
    await write(outputs.train, (place) => !chosen.has(place), 'train');
    await write(outputs.validation, (place) => chosen.has(place), 'validation');
    progress.end();
  } finally {
    from.close();
  }
};
