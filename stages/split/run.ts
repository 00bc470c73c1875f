import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities, repeatable } from '../../src/kit/dataset/dataset-copy.ts';
import { IdentityTable } from '../../src/kit/dataset/identity-table.ts';
import { openPackedSet } from '../../src/kit/dataset/open-packed-set.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { readPeople } from './read-people.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Divides a packed set by identity; no identity is in both parts. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const from = await openPackedSet(inputs.dataset, params.unreadable, context);
  try {
    const table = new IdentityTable(from);
    const chosen = choose(table, context);
    const progress = new WorkProgress(context, 'images', from.imageCount);
    const write = async (folder: string, isChosen: (place: number) => boolean, name: string): Promise<void> => {
      const part = repeatable(function* () {
        let label = 0;
        for (let place = 0; place < table.size; place += 1) {
          if (!isChosen(place)) continue;
          yield { from, positions: table.positionsAt(place), label, name: table.nameAt(place) };
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

/** Places of the identities of the validation set: the people of the list, or as many as are asked for, by the seed. */
function choose(table: IdentityTable, context: Context): ReadonlySet<number> {
  const { inputs, params, seed } = context;
  const places = Array.from({ length: table.size }, (_, place) => place);
  const refuse = (validation: number): never =>
    fail(failures.tooFewIdentities({ validation, identities: table.size }, { file: inputs.dataset }));
  if (inputs.people === undefined) {
    if (params.validationIdentities >= table.size) refuse(params.validationIdentities);
    Random.derive(seed, 'split').shuffle(places);
    return new Set(places.slice(0, params.validationIdentities));
  }
  // make-pairs calls classes without a name by their numbers.
  const nameAt = (place: number): string => table.nameAt(place) ?? String(table.labelAt(place));
  const wanted = readPeople(inputs.people);
  const chosen = places.filter((place) => wanted.has(nameAt(place)));
  if (chosen.length === 0 && table.set.names === undefined) fail(failures.noNames({}, { file: inputs.dataset }));
  if (chosen.length === 0) fail(failures.unknownPeople({ people: wanted.size }, { file: inputs.people }));
  if (chosen.length === table.size) refuse(chosen.length);
  const known = new Set(chosen.map(nameAt));
  const missing = [...wanted].filter((name) => !known.has(name));
  if (missing.length > 0) {
    const shown = `${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ' ...' : ''}`;
    const message = `${missing.length} of ${wanted.size} people of the list are not in the set: ${shown}`;
    context.emit({ type: 'log', level: 'warning', message });
  }
  const nameless = places.filter((place) => table.nameAt(place) === undefined && !wanted.has(nameAt(place))).length;
  if (nameless > 0 && table.set.names !== undefined) {
    const message = `${nameless} of ${table.size} classes have no name in names.txt and stay in the training set`;
    context.emit({ type: 'log', level: 'warning', message });
  }
  return new Set(chosen);
}
