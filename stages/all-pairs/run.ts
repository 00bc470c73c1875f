import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { type AllPairsResult, compareAll, isHoldable } from '../../src/kit/face/all-pairs/compare-all.ts';
import type { HeldThreshold } from '../../src/kit/face/all-pairs/held-rates.ts';
import { PersonRows } from '../../src/kit/face/similarity/person-rows.ts';
import { readGrouping } from '../../src/kit/face/groups/group-list.ts';
import { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import type { PassProgress, SavedSearch } from '../../src/kit/face/similarity/find-thresholds.ts';
import { computedBy } from '../../src/kit/face/similarity/counter-products.ts';
import { openPairCounters, type PairCounters } from '../../src/kit/face/similarity/pair-counters.ts';
import { requireUnitRows, storedVectors } from '../../src/kit/face/similarity/stored-vectors.ts';
import { chosenVectors, type VectorSource } from '../../src/kit/face/similarity/vector-source.ts';
import { forgetProgress, readProgress, saveProgress } from './checkpoint.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { peopleOf } from './people.ts';
import { drawCurves, fewErrorsWarning, figures, type PartRecord, partRecord, resultLines } from './record.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** All images, or those of a group. */
interface Part {
  readonly group: string | undefined;
  readonly source: VectorSource;
  readonly people: PersonRows;
  readonly pairs: number;
}

/** Compares every image with every other; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, scratch, engine, cpus: threads } = context;
  const store = new FeatureStore(inputs.features);
  try {
    const source = await storedVectors(store);
    try {
      await requireUnits(store, source, context.signal);
      const parts = partsOf(context, store, source);
      const counters = await openPairCounters({ engine, threads, columns: store.columns, pairs: store.rows ** 2 / 2 });
      say(context, `computing with ${counters.computesWith}`);
      try {
        const results = await compareParts(context, parts, counters);
        const { contract, models } = store.index;
        const content = {
          format: 'faceflow-all-pairs',
          version: 1,
          contract,
          models,
          draws: params.draws,
          parts: results,
        };
        writeFileAtomic(outputs.result, `${JSON.stringify(content, undefined, 1)}\n`);
        writeCurves(outputs.curves, results);
        for (const result of results) for (const figure of figures(result)) context.emit(figure);
        forgetProgress(scratch);
      } finally {
        await counters.close();
      }
    } finally {
      await source.close();
    }
  } finally {
    store.close();
  }
};

/** Rows that are checked at a time. */
const checkedRows = 4096;

async function requireUnits(store: FeatureStore, source: VectorSource, signal: AbortSignal): Promise<void> {
  for (let start = 0; start < source.rows; start += checkedRows) {
    signal.throwIfAborted();
    const values = await source.read(start, Math.min(checkedRows, source.rows - start));
    requireUnitRows(values, store.columns, (row) => ({
      name: store.names.at(start + row) ?? '',
      folder: store.folder,
    }));
  }
}

function partsOf(context: Context, store: FeatureStore, source: VectorSource): readonly Part[] {
  const { features, dataset, groups } = context.inputs;
  const names = peopleOf(store, dataset);
  const whole = partOf(undefined, source, names);
  if (groups === undefined) return [requirePairs(whole, features)];
  // An image by itself goes before its person.
  const images = Array.from(store.names, (name, row) => [name, String(names[row])]);
  const grouping = readGrouping(groups, images, 'the features');
  const { unknown, without } = grouping;
  if (unknown > 0) warn(context, `${unknown} names of the list of groups are no person and no image of the features`);
  if (without > 0) warn(context, `${without} images are in no group`);
  const parts = grouping.groups.map((name, group) => {
    const rows = Int32Array.from({ length: store.rows }, (_, row) => row).filter((row) => grouping.of[row] === group);
    return partOf(
      name,
      chosenVectors(source, rows),
      Array.from(rows, (row) => names[row] ?? ''),
    );
  });
  return [whole, ...parts].map((part) => requirePairs(part, features));
}

function partOf(group: string | undefined, source: VectorSource, names: readonly (string | number)[]): Part {
  return { group, source, people: new PersonRows(names), pairs: (names.length * (names.length - 1)) / 2 };
}

function requirePairs(part: Part, file: string): Part {
  const { group, people, pairs } = part;
  if (people.people > 1 && people.samePairs > 0 && pairs > people.samePairs) return part;
  const what = group === undefined ? 'the folder of features' : `the group ${group}`;
  return fail(failures.nothingToCompare({ what, images: people.person.length, people: people.people }, { file }));
}

/** How often the state is saved; it takes a tenth of a second. */
const checkpointMs = 30_000;

async function compareParts(
  context: Context,
  parts: readonly Part[],
  counters: PairCounters,
): Promise<readonly PartRecord[]> {
  const saved = readProgress(context.scratch);
  const results = [...saved.results];
  const all = parts.reduce((sum, { pairs }) => sum + pairs, 0);
  for (const [index, part] of parts.entries()) {
    if (index < results.length) continue;
    const before = parts.slice(0, index).reduce((sum, { pairs }) => sum + pairs, 0);
    const resume = index === saved.results.length ? saved.search : undefined;
    if (resume !== undefined) say(context, `continuing from strip ${resume.nextStrip}`);
    const result = await comparePart(context, { part, counters, results, resume, before, all });
    const { ruledOut, passes } = result;
    say(context, computedBy({ ruledOut, pairs: passes * part.pairs }));
    results.push(partRecord(part.group, result));
    saveProgress(context.scratch, { results, search: undefined });
    const record = results[index] ?? partRecord(part.group, result);
    for (const line of resultLines(record)) say(context, line);
    const warning = fewErrorsWarning(record);
    if (warning !== undefined) warn(context, warning);
  }
  return results;
}

interface Comparison {
  readonly part: Part;
  readonly counters: PairCounters;
  /** Of the parts before. */
  readonly results: readonly PartRecord[];
  readonly resume: SavedSearch | undefined;
  /** Pairs of the parts before, and of all parts. */
  readonly before: number;
  readonly all: number;
}

async function comparePart(context: Context, comparison: Comparison): Promise<AllPairsResult> {
  const { part, counters, results, resume } = comparison;
  const { params, seed, signal, scratch } = context;
  return compareAll({
    ...{ source: part.source, people: part.people, counters, resume },
    ...{ rates: params.rates, draws: params.draws, seed, signal },
    held: part.group === undefined ? [] : heldThresholds(results[0]),
    onProgress: progressOf(context, comparison),
    checkpoint: {
      everyMs: checkpointMs,
      save(search) {
        saveProgress(scratch, { results, search });
        context.emit({ type: 'checkpoint', step: search.nextStrip });
      },
    },
  });
}

/** Those of all images that a group is decided at too. */
function heldThresholds(whole: PartRecord | undefined): readonly HeldThreshold[] {
  const points = whole?.points ?? [];
  return points.flatMap(({ far, reached, threshold, isMeasurable }) => {
    if (!isMeasurable || threshold === undefined) return [];
    const held = { far, reached, closeness: threshold, pairs: whole?.differentPairs ?? 0 };
    return isHoldable(held) ? [held] : [];
  });
}

/** Reports pairs of all parts, and how fast they go. */
function progressOf(context: Context, { before, all }: Comparison): PassProgress {
  let saidAt = performance.now();
  let said: number | undefined;
  return (done, total, kind) => {
    const now = performance.now();
    const rate = said === undefined ? 0 : (done - said) / ((now - saidAt) / 1000);
    [saidAt, said] = [now, done];
    // A sample is a fiftieth of the work; a pass that is made once more is added to it.
    if (kind === 'sample') return;
    const repeated = kind === 'again' ? total : 0;
    const figures = rate > 0 ? { figures: { 'million pairs/s': rate / 1e6 } } : {};
    context.emit({
      type: 'progress',
      done: before + repeated + done,
      total: all + repeated,
      unit: 'pairs',
      ...figures,
    });
  };
}

function writeCurves(folder: string, results: readonly PartRecord[]): void {
  makeOwnFolder(folder);
  writeFileSync(join(folder, 'roc.svg'), drawCurves(results));
  const rows = results.flatMap(({ group = '', curve }) => curve.map(([far, tar]) => `${group},${far},${tar}\n`));
  writeFileSync(join(folder, 'roc.csv'), `group,far,tar\n${rows.join('')}`);
}

function say(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'info', message });
}

function warn(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'warning', message });
}
