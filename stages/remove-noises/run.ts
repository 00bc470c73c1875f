import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import { writeFeatureMask } from '../../src/kit/face/features/feature-mask.ts';
import { commonContract, FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { listedRows, type ListedRows } from '../../src/kit/face/features/listed-rows.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { matchNoises, noNoises, type NoiseMatch, type NoiseTargets } from './match-noises.ts';
import { noisyCentres } from './noisy-centres.ts';
import { writeVectors } from './write-vectors.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Parts of the development kit's names. */
const nameParts = { probes: 2, distractors: 3 } as const;

/** Probes or distractors with what is noise among them. */
interface Cleaned {
  readonly what: keyof typeof nameParts;
  readonly store: FeatureStore;
  readonly listed: ListedRows;
  readonly match: NoiseMatch;
  /** Positions of the images that are noise and are to be cleaned. */
  readonly noises: readonly number[];
}

/** Cleans features; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs } = context;
  requireInputs(inputs);
  const stores: FeatureStore[] = [];
  const open = (folder: string | undefined): FeatureStore | undefined => {
    const store = folder === undefined ? undefined : new FeatureStore(folder);
    if (store !== undefined) stores.push(store);
    return store;
  };
  try {
    const opened = { probes: open(inputs.probes), distractors: open(inputs.distractors) };
    const contract = commonContract(stores);
    const sets = cleanedSets(context, opened);
    for (const folder of [outputs.probes, outputs.distractors]) makeOwnFolder(folder);
    writeFileAtomic(outputs.noises, `${JSON.stringify(tableOf(sets), undefined, 1)}\n`);
    await write(context, sets, contract);
    for (const set of sets) describe(context, set);
  } finally {
    for (const store of stores) store.close();
  }
};

function requireInputs({ probes, probeNoises, distractors, distractorNoises }: Inputs): void {
  const refuse = (problem: string): never => fail(failures.nothingToClean({ problem }));
  if (probes === undefined && distractors === undefined) refuse('neither probes nor distractors are given');
  if (probes === undefined && probeNoises !== undefined) refuse('probeNoises is given without probes');
  if (distractors === undefined && distractorNoises !== undefined)
    refuse('distractorNoises is given without distractors');
  if (probeNoises === undefined && distractorNoises === undefined) refuse('no list of noise is given');
}

function cleanedSets(
  { inputs, params }: Context,
  stores: Readonly<Record<keyof typeof nameParts, FeatureStore | undefined>>,
): Cleaned[] {
  const lists = { probes: inputs.probeList, distractors: inputs.distractorList };
  const noises = { probes: inputs.probeNoises, distractors: inputs.distractorNoises };
  const read = (['probes', 'distractors'] as const).flatMap((what) => {
    const store = stores[what];
    if (store === undefined) return [];
    const options = { list: lists[what], parts: nameParts[what], missing: params.missing };
    return [{ what, store, listed: listedRows(store, options) }];
  });
  const targets = read.map(({ what, listed: { names } }): NoiseTargets => ({ what, names }));
  return read.map((set, index) => {
    const [file, own] = [noises[set.what], targets[index]];
    const match = file === undefined || own === undefined ? noNoises : matchNoises(file, own, targets[1 - index]);
    const isCleaned = params.clean === 'both' || params.clean === set.what;
    return { ...set, match, noises: isCleaned ? match.noises : [] };
  });
}

async function write(context: Context, sets: readonly Cleaned[], contract: string): Promise<void> {
  const { params, outputs, seed } = context;
  const probes = sets.find(({ what }) => what === 'probes');
  const distractors = sets.find(({ what }) => what === 'distractors');
  const noises = probes?.noises ?? [];
  const replacements = probes === undefined ? undefined : noisyCentres(probes.store, probes.listed, { noises, seed });
  writeFeatureMask(outputs.mask, {
    contract,
    excluded: (distractors?.noises ?? []).map((position) => distractors?.listed.names.at(position) ?? ''),
    replaced: new Map(noises.map((position, row) => [probes?.listed.names.at(position) ?? '', row])),
    columns: probes?.store.columns ?? 0,
    replacements: replacements ?? new Float32Array(0),
  });
  if (params.form === 'mask') return;
  const total = sets.reduce((sum, { listed }) => sum + listed.names.length, 0);
  const progress = new WorkProgress(context, 'features', total);
  for (const { what, store, listed, noises: own } of sets) {
    await writeVectors({
      ...{ store, listed, contract, noises: own, folder: outputs[what] },
      ...{ layout: params.layout, suffix: params.suffix },
      replacements: what === 'probes' ? replacements : undefined,
      onRow: () => progress.step(),
    });
  }
  progress.end();
}

/** The content of noises.json. */
function tableOf(sets: readonly Cleaned[]): object {
  const parts = sets.map(({ what, listed, match: { entries, distinct, matched, unused, noises } }) => {
    const counts = {
      entries,
      distinct,
      matched: matched.length,
      unused: unused.length,
      missing: listed.missing.length,
    };
    const cleaned = noises.map((position) => listed.names.at(position));
    return [
      what,
      { images: listed.names.length, ...counts, noises: cleaned, unusedNames: unused, missingNames: listed.missing },
    ];
  });
  return { format: 'faceflow-noises', version: 1, ...(Object.fromEntries(parts) as object) };
}

function describe(context: Context, { what, listed, match, noises: cleaned }: Cleaned): void {
  const { inputs } = context;
  const { entries, distinct, matched, unused, noises } = match;
  const { missing } = listed;
  const figures = { entries, matched: matched.length, unused: unused.length, missing: missing.length };
  for (const [name, value] of Object.entries(figures)) context.emit({ type: 'metric', name: `${what} ${name}`, value });
  if (missing.length > 0) {
    context.emit({
      type: 'log',
      level: 'warning',
      message: `${what} without features: ${missing.length}, ${missing.join(', ')}`,
    });
  }
  const list = what === 'probes' ? inputs.probeNoises : inputs.distractorNoises;
  if (list === undefined) return;
  const message =
    `${what}: ${noises.length} of ${listed.names.length} are noise; of ${entries} entries of the list ` +
    `(${distinct} distinct) ${matched.length} matched, ${unused.length} unused; ${missing.length} images missing` +
    (cleaned.length === noises.length ? '' : '; left as they are');
  context.emit({ type: 'log', level: matched.length === 0 ? 'warning' : 'info', message });
}
