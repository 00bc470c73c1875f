import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, repeatable } from '../../src/kit/dataset/dataset-copy.ts';
import { IdentityTable } from '../../src/kit/dataset/identity-table.ts';
import { openPackedSet } from '../../src/kit/dataset/open-packed-set.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';

/** Copies some identities, and some images of each, into a smaller packed set. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, seed } = context;
  const from = await openPackedSet(inputs.dataset, params.unreadable, context);
  try {
    const table = new IdentityTable(from);
    const chosen = chooseImages(table, params, seed);
    if (chosen.length === 0) {
      fail(failures.nothingToPack({ min: params.minImagesPerIdentity }, { file: inputs.dataset }));
    }
    const identities = repeatable(function* () {
      for (const [label, { place, positions }] of chosen.entries()) {
        yield { from, positions: positions ?? table.positionsAt(place), label, name: table.nameAt(place) };
      }
    });
    const total = chosen.reduce((sum, { place, positions }) => sum + (positions?.length ?? table.countAt(place)), 0);
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
    from.close();
  }
};

interface Chosen {
  readonly place: number;
  /** Those that are kept, if not all are. */
  readonly positions: readonly number[] | undefined;
}

/** The identities and images that are kept, in the order of the set. */
function chooseImages(table: IdentityTable, params: Params, seed: number): Chosen[] {
  const random = params.choose === 'random' ? Random.derive(seed, 'subset') : undefined;
  const places = Array.from({ length: table.size }, (_, place) => place);
  const enough = places.filter((place) => table.countAt(place) >= params.minImagesPerIdentity);
  return take(enough, params.identities, random).map((place) => {
    const { imagesPerIdentity: most } = params;
    const isWhole = most === 0 || table.countAt(place) <= most;
    return { place, positions: isWhole ? undefined : take(Array.from(table.positionsAt(place)), most, random) };
  });
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
