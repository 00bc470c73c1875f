import type { Lineage, LineageTask } from '../../../src/stage-api/lineage.ts';
import { Random } from '../../../src/core/random.ts';
import { areaUnderCurve } from '../../../src/kit/face/area-under-curve.ts';
import { foldAccuracy } from '../../../src/kit/face/fold-accuracy.ts';
import { groupRates } from '../../../src/kit/face/groups/group-rates.ts';
import { errorDiscard } from '../../../src/kit/face/quality/error-discard.ts';
import { resamplingOf } from '../../../src/kit/face/uncertainty/resampling.ts';
import { setUncertainty } from '../../../src/kit/face/uncertainty/set-uncertainty.ts';
import { tarAtFar } from '../../../src/kit/face/tar-at-far.ts';
import type { AlignmentFile } from '../../../src/kit/face/alignment-result.ts';
import type { VerificationResult } from '../../../src/kit/face/verification-result.ts';
import { wrongPairs } from '../../../src/kit/face/worst-pairs.ts';
import { encodeJpeg } from '../../../src/kit/image/image.ts';
import type { IdentificationResult } from '../../../stages/report/read-identifications.ts';
import type { Training } from '../../../stages/report/read-inputs.ts';
import { trainingFacts } from '../../../stages/report/training-facts.ts';
import type { TrainingLog } from '../../../src/kit/net/training/training-log.ts';

/** A small JPEG of one colour with a lighter disc: enough to see that images are shown. */
export function sampleImage(seed: number, side = 32): Uint8Array {
  const random = new Random(seed);
  const colour = [random.uniform(40, 160), random.uniform(40, 160), random.uniform(40, 160)];
  const data = Uint8Array.from({ length: side * side * 3 }, (_, index) => {
    const [x, y] = [Math.floor(index / 3) % side, Math.floor(index / 3 / side)];
    const inside = Math.hypot(x - side / 2, y - side / 2) < side * 0.35;
    return (colour[index % 3] ?? 0) + (inside ? 70 : 0);
  });
  return encodeJpeg({ width: side, height: side, data }, 80);
}

function dataUri(jpeg: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
}

/** What a stage align says of its work. */
export function sampleAlignment(): AlignmentFile {
  const images = (count: number, caption: string) =>
    Array.from({ length: count }, (_, index) => ({
      image: `ada/ada_${index}.jpg`,
      caption,
      thumbnail: dataUri(sampleImage(index)),
    }));
  return {
    format: 'faceflow-alignment',
    version: 1,
    counts: { images: 1234, aligned: 1230, cropped: 0, 'left out': 4, 'residual, median': 1.234 },
    sheet: {
      first: images(12, '1.2 px'),
      strangest: images(6, '6.1 px, 1 of 2'),
      cropped: [],
      failed: [...images(2, 'no-face'), { image: 'ada/<cut>.jpg', caption: 'undecodable-image', thumbnail: '' }],
    },
  };
}

/** A verification measured, by the real formulas, on distances that are drawn. */
export function sampleVerification(set: string, seed = 1, pairCount = 600): VerificationResult {
  const random = new Random(seed);
  const same = Array.from({ length: pairCount }, (_, pair) => Math.floor((pair * 20) / pairCount) % 2 === 0);
  const distances = same.map((each) => {
    const drawn = (each ? 0.85 : 1.75) + random.normal() * (each ? 0.32 : 0.25);
    return Number(Math.min(4, Math.max(0, drawn)).toFixed(6));
  });
  const pairs = { distances: Float64Array.from(distances), same };
  const { accuracy, deviation, folds, roc } = foldAccuracy(pairs, 10);
  const wrong = wrongPairs(pairs, folds);
  const shown = (list: VerificationResult['worst']['falseAccepts']): VerificationResult['worst']['falseAccepts'] =>
    list.slice(0, 8).map((each) => ({
      ...each,
      thumbnails: [dataUri(sampleImage(each.pair)), dataUri(sampleImage(each.pair + 7))],
    }));
  return {
    ...{ model: 'y1', set, pairs: pairCount, samePairs: pairCount / 2, embeddingSize: 128 },
    ...{ accuracy, deviation, accuracyWithoutFlip: accuracy - 0.0067, deviationWithoutFlip: deviation },
    ...{ xnorm: 21.37, folds, roc, areaUnderCurve: areaUnderCurve(pairs) },
    tarAtFar: tarAtFar(pairs, 10, [0.1, 0.01, 0.001, 0.0001]),
    worst: { falseAccepts: shown(wrong.falseAccepts), falseRejects: shown(wrong.falseRejects) },
    uncertainty: setUncertainty({
      ...{ pairs, images: Array.from({ length: 2 * pairCount }, (_, image) => image) },
      ...{ folds: 10, rates: [0.1, 0.01, 0.001, 0.0001], draws: 100, seed: 1 },
    }),
    ...{ distances, same },
  };
}

/** The same with groups, one of which has next to nobody, and error against discarded share by two qualities. */
export function sampleBreakdown(set: string): VerificationResult {
  const result = sampleVerification(set, 5);
  const images = Array.from({ length: 2 * result.pairs }, (_, image) => image);
  const people = resamplingOf(images, result.same);
  const names = ['north', 'south <b>and</b> a name that is longer than any column', 'few'];
  const of = images.map((image) => (image < 6 ? 2 : Math.floor(image / 40) % 2));
  const points = (result.uncertainty?.tarAtFar ?? []).filter(({ isMeasurable }) => isMeasurable);
  const options = { pairs: result, people, draws: 60, seed: 1 };
  const random = new Random(8);
  const values = images.map((image) => -(result.distances[Math.floor(image / 2)] ?? 0) + 0.5 * random.normal());
  const point = points[0] ?? { far: 0.1, distance: 1 };
  return {
    ...result,
    groups: {
      ...{ names, of, imagesWithout: 0, pairsWithout: 0 },
      points: groupRates({ ...options, groups: names, of, points }),
    },
    discard: (['norm', 'score'] as const).map((quality) => errorDiscard({ ...options, quality, values, point })),
  };
}

/** Curves shaped like those of a training of 640 steps whose rate falls twice. */
export function sampleLog(seed = 1): TrainingLog {
  const random = new Random(seed);
  const step = Array.from({ length: 160 }, (_, index) => 4 * (index + 1));
  const rate = (at: number): number => (at < 400 ? 0.1 : at < 560 ? 0.01 : 0.001);
  const level = (at: number): number => 12 * Math.exp(-at / 170) + 1.2 + (at < 400 ? 1 : 0) + (at < 560 ? 0.4 : 0);
  const loss = step.map((at) => level(at) * (1 + 0.12 * random.normal()));
  const accuracy = step.map((at) => Math.min(1, Math.max(0, 1.02 - level(at) / 13 + 0.06 * random.normal())));
  const watched = [100, 200, 300, 400, 500, 600, 640];
  const points = (values: readonly number[]): [number, number][] => step.map((at, index) => [at, values[index] ?? 0]);
  return {
    ...{ format: 'faceflow-log', version: 1 },
    curves: [
      { name: 'loss', points: points(loss) },
      { name: 'accuracy', points: points(accuracy) },
      { name: 'learningRate', points: points(step.map(rate)) },
      { name: 'verification/held-out', points: watched.map((at) => [at, 0.93 - 0.38 * Math.exp(-at / 150)]) },
    ],
  };
}

/** The text of log.json as the train stage writes it. */
export function sampleLogText(seed = 1): string {
  return `${JSON.stringify(sampleLog(seed))}\n`;
}

function task(id: string, needs: readonly string[], durationMs: number, rest: Partial<LineageTask> = {}): LineageTask {
  return {
    ...{ id, stage: id, kind: id, kindVersion: 1, summary: `What ${id} does, in one sentence.`, needs, params: {} },
    ...{ seed: null, engine: null, key: '3f7a91c2'.repeat(8), durationMs, peakMemoryBytes: 92_000_000 },
    ...{ figures: [], externalInputs: [], outputs: [{ port: 'out', kind: 'file', digest: '00', bytes: 5_400_000 }] },
    ...rest,
  };
}

const engine = { name: 'tensorflow', version: '2.21.0' } as const;

export const sampleLineage: Lineage = {
  ...{ format: 'faceflow-lineage', version: 1 },
  experiment: {
    name: 'quickstart',
    summary: 'Faces without a download: draws people, trains a small network, verifies it on people it never saw.',
  },
  tasks: [
    task('synthesize', [], 21_300, {
      ...{ seed: 1, summary: 'Draws a seeded, licence-free set of face-like images and a pair protocol.' },
      params: { identities: 500, imagesPerIdentity: 20, heldOut: 20, pairs: 600, difficulty: 1 },
    }),
    task('pack', ['synthesize'], 1900, {
      ...{
        kind: 'face2rec',
        summary: 'Packs a folder of aligned face images into train.rec, train.idx and property.',
      },
      params: { folds: [], minImagesPerIdentity: 1, strict: true },
      figures: [
        { name: 'identities', value: 480 },
        { name: 'images', value: 9600 },
      ],
    }),
    task('train', ['pack'], 161_000, {
      ...{ seed: 1, engine, peakMemoryBytes: 1_820_000_000 },
      summary: 'Trains an embedding network on a packed data set, verifies it on the way, and resumes after a kill.',
      params: {
        ...{ network: { name: 'y1' }, loss: { name: 'arcface', margin: 0.5, scale: 64 } },
        optimizer: { learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005 },
        ...{ schedule: { maxSteps: 640, steps: [400, 560], warmupSteps: 0 }, batch: 32, mirror: true },
        ...{ verifyEverySteps: 100, checkpointEverySteps: 100, logEverySteps: 4 },
      },
    }),
    task('verify', ['pack', 'train'], 6300, {
      ...{ engine, summary: 'Measures a model on a verification set: accuracy over folds, XNorm, ROC.' },
      params: { folds: 10, batch: 64 },
    }),
  ],
};

/** The sample's training as it is read: with the name and the facts of the task that logged it. */
export function sampleTraining(seed = 1): Training {
  const log = sampleLog(seed);
  const producer = sampleLineage.tasks.find(({ id }) => id === 'train');
  return { name: 'train', log, facts: trainingFacts(log, producer, sampleLineage) };
}

/** Two searches among distractors: one with intervals and exclusions, one too small to tell a rate. */
export function sampleSearches(): readonly IdentificationResult[] {
  const first = { rank: 1, value: 0.975, interval: { low: 0.97, high: 0.98 } };
  const measured = { far: 0.001, isMeasurable: true, value: 0.95, interval: { low: 0.94, high: 0.96 } };
  const common = { probes: 'facescrub', trials: 153_634 };
  return [
    { ...common, set: 1, size: 1000, excluded: 7, identification: [first], verification: [measured] },
    {
      ...{ ...common, set: 2, size: 10, excluded: 0 },
      identification: [
        { rank: 1, value: 0.99 },
        { rank: 10, value: 1 },
      ],
      verification: [{ far: 0.001, isMeasurable: false, value: 0 }],
    },
  ];
}
