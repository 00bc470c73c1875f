import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { readFeatureMask } from '../../src/kit/face/features/feature-mask.ts';
import { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { compareGallery, type GalleryResult } from '../../src/kit/face/megaface/compare-gallery.ts';
import { devkitCurves, devkitMatches } from '../../src/kit/face/megaface/devkit-results.ts';
import { galleryFigures, rocOf } from '../../src/kit/face/megaface/gallery-figures.ts';
import { type ProbeSet, samePairs } from '../../src/kit/face/megaface/probe-set.ts';
import { computedBy } from '../../src/kit/face/similarity/counter-products.ts';
import { openPairCounters, type PairCounters } from '../../src/kit/face/similarity/pair-counters.ts';
import { storedVectors } from '../../src/kit/face/similarity/stored-vectors.ts';
import type { VectorSource } from '../../src/kit/face/similarity/vector-source.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { type DistractorSet, distractorSets, includedVectors, markedRows } from './read-distractors.ts';
import { readProbes, requireOneContract } from './read-probes.ts';
import { drawCmc, drawRoc, figures, type GalleryRecord, galleryRecord, resultLines } from './record.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** What all evaluations have in common. */
interface Evaluation {
  readonly source: VectorSource;
  readonly excluded: ReadonlySet<number>;
  readonly counters: PairCounters;
}

/** Searches probes among distractors; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, engine, cpus: threads } = context;
  const stores = [...inputs.probes, inputs.distractors].map((folder) => new FeatureStore(folder));
  const distractors = stores.at(-1);
  if (distractors === undefined) throw new Error('there are no features');
  const source = await storedVectors(distractors);
  try {
    const mask = inputs.mask === undefined ? undefined : readFeatureMask(inputs.mask);
    const named = stores.map((store, index) => {
      return { store, name: store === distractors ? 'the distractors' : nameOfProbes(params, index) };
    });
    const acceptsUnproven = params.withoutContract === 'accept';
    const unproven = requireOneContract({ stores: named, mask, maskFolder: inputs.mask, acceptsUnproven });
    if (unproven.length > 0) {
      const message = `the features of ${unproven.join(' and ')} tell no contract: nothing proves that they may be compared`;
      context.emit({ type: 'log', level: 'warning', message });
    }
    const probes = probeSets(context, stores.slice(0, -1), mask);
    for (const store of stores.slice(0, -1)) requireApart(store, distractors);
    const { sizes, sets: count } = params;
    const sets = distractorSets({
      store: distractors,
      lists: inputs.distractorLists,
      sizes,
      sets: count,
      seed: context.seed,
    });
    const marked = await markedRows(distractors, source, context.signal);
    const excluded = new Set([...marked, ...maskedRows(context, distractors, mask?.excluded ?? [])]);
    const pairs = pairsOf({ probes, sets });
    const counters = await openPairCounters({ engine, threads, columns: distractors.columns, pairs });
    say(context, `computing with ${counters.computesWith}`);
    try {
      const records = await evaluateAll(context, { source, excluded, counters }, { probes, sets });
      const { contract, models } = distractors.index;
      const content = {
        format: 'faceflow-megaface',
        version: 1,
        contract,
        models,
        ...(unproven.length > 0 && { withoutContract: unproven }),
        draws: params.draws,
        results: records,
      };
      writeFileAtomic(outputs.result, `${JSON.stringify(content, undefined, 1)}\n`);
      makeOwnFolder(outputs.curves);
      writeFileSync(join(outputs.curves, 'cmc.svg'), drawCmc(records));
      writeFileSync(join(outputs.curves, 'roc.svg'), drawRoc(records));
      for (const figure of figures(records)) context.emit(figure);
    } finally {
      await counters.close();
    }
  } finally {
    await source.close();
    for (const store of stores) store.close();
  }
};

const usualNames = ['facescrub', 'fgnet'];

function probeSets(
  { inputs, params }: Context,
  stores: readonly FeatureStore[],
  mask: ReturnType<typeof readFeatureMask> | undefined,
): readonly ProbeSet[] {
  const { probeLists: lists } = inputs;
  if (lists.length > 0 && lists.length !== stores.length) {
    fail(failures.probeListsMismatch({ lists: lists.length, sets: stores.length }));
  }
  const names = stores.map((_, index) => nameOfProbes(params, index));
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) fail(failures.sameNames({ name: repeated }));
  return stores.map((store, index) => readProbes({ name: names[index] ?? '', store, list: lists[index], mask }));
}

function nameOfProbes({ probeNames }: Params, index: number): string {
  return probeNames[index] ?? usualNames[index] ?? `probes-${index + 1}`;
}

const shownNames = 5;

/** The same image on both sides is a mistake in the lists. Images of drawn numbers have the same names on both sides, and say nothing. */
function requireApart(probes: FeatureStore, distractors: FeatureStore): void {
  const names = [...probes.names].filter((name) => name.includes('/'));
  const found = distractors.find(names);
  const both = names.filter((name) => found.has(name));
  if (both.length === 0) return;
  fail(
    failures.probeAmongDistractors(
      { names: both.slice(0, shownNames), count: both.length },
      { file: distractors.folder },
    ),
  );
}

function maskedRows(context: Context, store: FeatureStore, names: readonly string[]): readonly number[] {
  const rows = store.find(names);
  const known = names.flatMap((name) => rows.get(name) ?? []);
  if (known.length < names.length) {
    const message = `${names.length - known.length} of ${names.length} distractors that the mask excludes have no features`;
    context.emit({ type: 'log', level: 'warning', message });
  }
  return known;
}

/** Each set of probes is searched among each set of distractors. */
interface Sets {
  readonly probes: readonly ProbeSet[];
  readonly sets: readonly DistractorSet[];
}

function pairsOf({ probes, sets }: Sets): number {
  const distractors = sets.reduce((sum, { size }) => sum + size, 0);
  return probes.reduce((sum, { count }) => sum + count * distractors, 0);
}

async function evaluateAll(
  context: Context,
  evaluation: Evaluation,
  { probes, sets }: Sets,
): Promise<readonly GalleryRecord[]> {
  const records: GalleryRecord[] = [];
  const all = probes.flatMap((probe) => sets.map((set) => ({ probe, set })));
  const total = pairsOf({ probes, sets });
  makeOwnFolder(context.outputs.kit);
  let before = 0;
  for (const each of all) {
    records.push(await evaluate(context, evaluation, { ...each, before, total }));
    before += each.probe.count * each.set.size;
  }
  return records;
}

interface Gallery {
  readonly probe: ProbeSet;
  readonly set: DistractorSet;
  /** Pairs of the evaluations before, and of all. */
  readonly before: number;
  readonly total: number;
}

async function evaluate(context: Context, evaluation: Evaluation, gallery: Gallery): Promise<GalleryRecord> {
  const { probe, set, before, total } = gallery;
  const { source, excluded, counters } = evaluation;
  const { params, seed, signal } = context;
  const { size } = set;
  for (const line of linesBefore(probe, set)) say(context, line);
  const distractors = includedVectors(source, set, excluded);
  const result = await compareGallery({
    ...{ probes: probe, distractors, size, rates: params.rates, counters, seed, signal },
    onProgress(done, ofPass, kind) {
      if (kind === 'sample') return;
      const repeated = kind === 'again' ? ofPass : 0;
      context.emit({ type: 'progress', done: before + repeated + done, total: total + repeated, unit: 'pairs' });
    },
  });
  const computed = galleryFigures(probe, result, { draws: params.draws, seed });
  for (const line of linesAfter(probe, size)) say(context, line);
  say(context, `Rank 1: ${Math.fround(computed.identification[0]?.value ?? 0).toPrecision(6)}`);
  const { ruledOut, passes } = result;
  say(context, computedBy({ ruledOut, pairs: passes * probe.count * distractors.rows }));
  writeKitFiles(context, gallery, result);
  const facts = { probes: probe.name, set: set.set, images: probe.count, people: probe.people.people };
  const record = galleryRecord({ ...facts, excluded: size - distractors.rows }, computed);
  for (const line of resultLines(record)) say(context, line);
  return record;
}

/** The lines of the development kit's programs, for those that read its logs. */
function linesBefore({ count, people }: ProbeSet, { size, set }: DistractorSet): readonly string[] {
  return [
    `Creating feature list of ${size} photos for set ${set}`,
    'Running probe to probe comparison',
    `Running test with size ${size} images for set ${set}`,
    `Computing test results with ${size} images for set ${set}`,
    `Loaded ${count} probes spanning ${people.people} classes`,
    `Probe score matrix size: ${count} ${count}`,
    `distractor score matrix size: ${count} ${size}`,
    'Finding top distractors!',
  ];
}

function linesAfter({ people }: ProbeSet, size: number): readonly string[] {
  const allocated = `Allocating ranks (${size + people.people})`;
  return ['Done sorting distractor scores', 'Making gallery!', 'Done Making Gallery!', allocated];
}

function writeKitFiles({ params, outputs }: Context, { probe, set }: Gallery, result: GalleryResult): void {
  const name = `${probe.name}_megaface_${params.algorithm}_${set.size}_${set.set}.json`;
  const roc = rocOf(result.histogram, samePairs(probe).closeness);
  const curves = devkitCurves({ probes: probe, ranks: result.ranks, size: set.size, roc });
  writeFileSync(join(outputs.kit, `cmc_${name}`), JSON.stringify(curves));
  writeFileSync(join(outputs.kit, `matches_${name}`), JSON.stringify(devkitMatches(probe, result.ranks)));
}

function say(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'info', message });
}
