import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { hasItsChecksum, withChecksum } from '../../src/core/checksum.ts';
import { counted } from '../../src/core/human.ts';
import type { NamedSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { type SharedPeople, sharedPeople, type TrainedIdentity } from '../../src/kit/face/shared-people.ts';
import { productsOnBackend } from '../../src/kit/face/similarity/products.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import type { Embedder } from '../../src/kit/net/sessions/inference-session.ts';
import type { StageContext, StageEvent } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** What the 2018 tool takes two for one person from. */
const usualThreshold = 0.4;
/** Named of the identities that are shared; of more only the number is given. */
const namedIdentities = 10;

export interface PeopleOptions {
  readonly context: StageContext<Params, Inputs, Outputs>;
  readonly engine: Backend;
  readonly sets: readonly NamedSet[];
  /** The network as the training begins with it, where it is all of a pretrained model. */
  readonly pretrained: Embedder | undefined;
}

/**
 * Which people of the validation sets are in the training set, found once before the training, kept in the scratch folder,
 * and reported in the log. Without a model only equal images tell, and the log has that too.
 */
export async function peopleOfSets(options: PeopleOptions): Promise<readonly SharedPeople[]> {
  const { context, sets } = options;
  if (sets.length === 0) return [];
  const known = join(context.scratch, 'people.json');
  const found = existsSync(known) ? peopleIn(readFileSync(known, 'utf8')) : undefined;
  if (found !== undefined) return found;
  if (existsSync(known)) {
    const message = `${known} is damaged: looks for people of the validation sets once more`;
    context.emit({ type: 'log', level: 'warning', message });
  }
  const people = await compare(options);
  for (const each of people) for (const event of eventsOf(each, context.params)) context.emit(event);
  writeFileAtomic(known, JSON.stringify(withChecksum({ people })));
  return people;
}

/** What was found before; undefined where that is not what was written. Earlier versions wrote it without a checksum. */
function peopleIn(text: string): readonly SharedPeople[] | undefined {
  try {
    const content = JSON.parse(text) as
      readonly SharedPeople[] | { readonly checksum: number; readonly people: readonly SharedPeople[] };
    if (!('people' in content)) return Array.isArray(content) ? content : undefined;
    return hasItsChecksum(content) === true ? content.people : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    return undefined;
  }
}

async function compare({ context, engine, sets, pretrained }: PeopleOptions): Promise<readonly SharedPeople[]> {
  const { inputs, params, signal, cpus } = context;
  const { peopleModel } = inputs;
  const own =
    peopleModel === undefined
      ? undefined
      : await loadEmbedder({ model: peopleModel, engine: context.engine, threads: cpus });
  const judge = peopleModel ?? (pretrained === undefined ? undefined : inputs.pretrained);
  const by = judge === undefined ? 'equal images alone, because a model is missing' : basename(judge);
  context.emit({
    type: 'log',
    level: 'info',
    message: `looks for people of the validation sets in the training set, by ${by}`,
  });
  try {
    const embedder = own ?? pretrained;
    return await sharedPeople({
      datasets: [inputs.dataset].flat(),
      sets,
      judge:
        embedder === undefined ? undefined : { embedder, products: productsOnBackend(engine, embedder.embeddingSize) },
      threshold: params.samePersonFrom ?? usualThreshold,
      batch: params.batch,
      signal,
      onProgress(done, total) {
        context.emit({ type: 'progress', done, total, unit: 'images' });
      },
    });
  } finally {
    await own?.dispose();
  }
}

/** A warning where a person or an image is in both. */
function eventsOf({ set, equalImages, equalIdentities, byCentres }: SharedPeople, params: Params): StageEvent[] {
  const { samePersonFrom = usualThreshold } = params;
  const equal =
    equalImages === 0
      ? ''
      : `; ${counted(equalImages, 'image')} of it byte for byte in the training set, of ${namesOf(equalIdentities)}`;
  if (byCentres === undefined) {
    const message = `whether people are shared with ${set} was not looked at, because a model is missing${equalImages === 0 ? '; no image of it is in the training set' : equal}`;
    return [{ type: 'log', level: equalImages === 0 ? 'info' : 'warning', message }];
  }
  const { closest, identities } = byCentres;
  const count = `shared with ${set}: ${identities.length} (closest ${closest.toFixed(2)})`;
  const names = identities.length === 0 ? '' : `, at ${samePersonFrom} or above: ${namesOf(identities)}`;
  const level = identities.length + equalImages === 0 ? 'info' : 'warning';
  return [
    { type: 'log', level, message: `${count}${names}${equal}` },
    { type: 'metric', name: `shared/${set}`, value: identities.length },
  ];
}

function namesOf(identities: readonly (TrainedIdentity & { readonly cosine?: number })[]): string {
  const names = identities
    .slice(0, namedIdentities)
    .map(({ label, cosine }) => `identity ${label}${cosine === undefined ? '' : ` (${cosine.toFixed(2)})`}`);
  return `${names.join(', ')}${identities.length > namedIdentities ? ', ...' : ''}`;
}
