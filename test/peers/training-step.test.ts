import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { backboneOf, buildNetwork, chooseNetwork } from '../../src/kit/net/backbones/index.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import { type LossChoice, lossOf, losses } from '../../src/kit/net/losses/index.ts';
import { type ArrayEntry, writeArrayFile } from '../../src/kit/net/model/array-file.ts';
import { embeddingOutput } from '../../src/kit/net/model/embedding-output.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import { ruleOf } from '../../src/kit/net/optimizers/index.ts';
import { Trainer } from '../../src/kit/net/training/trainer.ts';
import { preparePeer, pytorch } from './python.ts';

/*
 * A free training says nothing: a fresh y1 is chaotic, and float32 leaves float64 within three steps. So one step at a time,
 * each from where ours stands.
 */
const { python, folder, missing, note } = preparePeer(pytorch);
const script = fileURLToPath(new URL('training_step.py', import.meta.url));

/** Of PyTorch's own rounding, which is the difference of its float32 step from its float64 step. */
const mostRoundings = 12;
/** Of a standard deviation: a moving mean, and the root of a moving variance. */
const mostOfStatistics = 1e-5;

const classes = 10;
const seed = 5;
const optimizer = { learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 };
/** The rate falls after this step: whether what is in the buffers keeps its old rate shows in the next one. */
const dropStep = 20;
const rateAt = (step: number): number => (step > dropStep ? 0.01 : 0.1);

/** Dropout draws other numbers there. */
function withoutDropout(graph: Graph): Graph {
  const layers = graph.layers.map((node) => (node.kind === 'dropout' ? { ...node, attributes: { rate: 0 } } : node));
  return { ...graph, layers };
}

const size = { height: 112, width: 112 };
const choices = {
  y1: chooseNetwork('y1', { embeddingSize: 128 }),
  r18: chooseNetwork('r18', { embeddingSize: 128 }),
};

interface Case {
  readonly network: keyof typeof choices;
  readonly loss: LossChoice;
  readonly batch: number;
  /** Steps of ours before the one that is compared. */
  readonly after: readonly number[];
  readonly mistakes?: Readonly<Record<string, object>>;
}

/** A loss with the defaults of its options. */
function defaultsOf(name: keyof typeof losses): LossChoice {
  const options = Object.entries<Readonly<Record<string, unknown>>>({ ...losses[name].options });
  const values = options.flatMap(([option, { default: value }]) => (value === undefined ? [] : [[option, value]]));
  return { name, ...Object.fromEntries(values) } as LossChoice;
}

const mistakes = {
  'the rate is outside of the buffer': { rate_in_buffer: false },
  'nothing decays': { decays: 'none' },
  'only weights decay': { decays: 'weights' },
  'the moving variance is the unbiased one': { biased_variance: false },
  'the moving statistics keep 0.9997': { statistics_momentum: 0.9997 },
};

/** Twelve minutes of processor time with `TRAINING_STEP=all`; one loss of each kind otherwise. */
const isWhole = process.env['TRAINING_STEP'] === 'all';
const names = Object.keys(losses) as (keyof typeof losses)[];
const someNames: readonly string[] = ['sphereface', 'curricularface', 'uniface', 'triplet-angular'];
const cases: readonly Case[] = [
  { network: 'y1', loss: defaultsOf('softmax'), batch: 6, after: isWhole ? [0, 5, 20] : [0, 20], mistakes },
  { network: 'y1', loss: defaultsOf('arcface'), batch: 6, after: isWhole ? [0, 5, 20] : [5] },
  { network: 'r18', loss: defaultsOf('arcface'), batch: 6, after: isWhole ? [0, 5, 20] : [5] },
  ...names
    .filter((name) => name !== 'softmax' && name !== 'arcface' && (isWhole || someNames.includes(name)))
    .map((name): Case => ({ network: 'y1', loss: defaultsOf(name), batch: 6, after: [5] })),
];

interface Found {
  readonly loss: number;
  readonly groups: Readonly<Record<string, { readonly ours: number; readonly float32: number }>>;
  readonly statistics: Readonly<Record<'mean' | 'variance', number>>;
  readonly mistaken: Readonly<Record<string, Found>>;
}

/** Triplets: anchors, positives, negatives. Others: two of each identity, one beside the other. */
function labelsOf({ loss, batch }: Case): Int32Array {
  const third = batch / 3;
  return Int32Array.from({ length: batch }, (_, at) => {
    if (!loss.name.startsWith('triplet')) return Math.floor(at / 2);
    return at < 2 * third ? at % third : third + (at % third);
  });
}

interface SavedArrays {
  readonly file: string;
  readonly arrays: readonly ArrayEntry[];
}

/** Trains a case as far as it is compared; files hold what the peer starts from and is compared with. */
async function trainCase(each: Case, at: number): Promise<object> {
  const choice = choices[each.network];
  const shaped = inferShapes(withoutDropout(buildNetwork(choice, size)));
  const backend = await loadBackend(trainingEngine().identity, { threads: 2 });
  const { weights } = backboneOf(choice);
  const loss = lossOf(each.loss);
  const trainer = new Trainer({ backend, shaped, weights, classes, loss, optimizer: ruleOf(optimizer), seed });
  const save = async (name: string): Promise<SavedArrays> => {
    const arrays: NamedArray[] = [];
    for await (const array of trainer.state()) arrays.push(array);
    const file = join(folder, `${at}-${name}.bin`);
    return { file, arrays: writeArrayFile(file, arrays) };
  };
  const labels = labelsOf(each);
  const pixels = new Random(at);
  const moments: object[] = [];
  for (let step = 1; step <= Math.max(...each.after) + 1; step += 1) {
    const isCompared = each.after.includes(step - 1);
    const images = Uint8Array.from({ length: each.batch * size.height * size.width * 3 }, () => pixels.integer(256));
    const before = isCompared ? await save(`${step}-before`) : undefined;
    await trainer.step({ step, images, labels, learningRate: rateAt(step) });
    if (!isCompared) continue;
    const imageFile = join(folder, `${at}-${step}-images.bin`);
    writeFileSync(imageFile, images);
    const draws = Array.from({ length: 2 }, () => Random.derive(seed, `loss ${step}`));
    moments.push({
      before,
      after: await save(`${step}-after`),
      images: imageFile,
      labels: [...labels],
      step,
      rate: rateAt(step),
      ...(step > 1 ? { rateBefore: rateAt(step - 1) } : {}),
      uniform: draws[0]?.uniform(),
      normal: Array.from(labels, () => draws[1]?.normal()),
    });
  }
  trainer.dispose();
  const lossArrays = loss.arrays({ classes, embeddingSize: embeddingOutput(shaped).size });
  const { mistakes: wrong = {}, loss: chosen } = each;
  return { graph: shaped.graph, classes, loss: chosen, lossArrays, optimizer, moments, mistakes: wrong };
}

let found: readonly (readonly Found[])[] = [];

beforeAll(async () => {
  if (missing !== undefined) return;
  const trained: object[] = [];
  for (const [at, each] of cases.entries()) trained.push(await trainCase(each, at));
  const [given, written] = [join(folder, 'cases.json'), join(folder, 'results.json')];
  writeFileSync(given, JSON.stringify(trained));
  execFileSync(python, [script, given, written], { stdio: ['ignore', 'pipe', 'pipe'] });
  found = JSON.parse(readFileSync(written, 'utf8')) as readonly (readonly Found[])[];
}, 1_800_000);

/** What is further from the float64 step than it may be. */
function differences({ groups, statistics }: Found): string[] {
  return [
    ...Object.entries(groups).flatMap(([group, { ours, float32 }]) =>
      ours <= mostRoundings * float32 ? [] : [`${group}: ${ours}, ${(ours / float32).toFixed(1)} roundings`],
    ),
    ...Object.entries(statistics).flatMap(([kind, share]) =>
      share <= mostOfStatistics ? [] : [`moving ${kind}: ${share}`],
    ),
  ];
}

const moments = cases.flatMap(({ network, loss, after }, at) =>
  after.map((steps, moment) => ({ network, loss: loss.name, steps, at, moment })),
);

describe.skipIf(missing !== undefined)(`a step of a training beside PyTorch in float64${note}`, () => {
  it.each(moments)('$network with $loss, after $steps steps of ours', ({ at, moment }) => {
    const result = found[at]?.[moment];
    expect(result?.loss).toBeGreaterThanOrEqual(0);
    expect(result === undefined ? ['no result'] : differences(result)).toEqual([]);
  });

  it.each(Object.keys(mistakes))('is told from one in which %s', (mistake) => {
    const wrong = (found[0] ?? []).flatMap(({ mistaken: { [mistake]: result } }) =>
      result === undefined ? [] : [result],
    );
    expect(wrong).toHaveLength(cases[0]?.after.length ?? NaN);
    expect(wrong.flatMap(differences)).not.toEqual([]);
  });
});
