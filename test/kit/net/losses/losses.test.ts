import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { type LossChoice, lossOf, losses } from '../../../../src/kit/net/losses/index.ts';
import { everyEngine } from '../backends/engines.ts';
import { computeLoss, wrongEntries } from './compute-loss.ts';
import { cases } from './loss-cases.ts';
import { embeddingSize, hardToRound, parallel, samplesOf, zeros } from './loss-samples.ts';
import { type Matrix, type Reference, rowsOf, type Sample } from './reference-losses.ts';

/** Derivatives of the formula with respect to every value of one array, by central differences in float64. */
function derivatives(reference: Reference, sample: Sample, array: string): Matrix {
  const rows = rowsOf(sample, array);
  const changed = (row: number, column: number, by: number): number => {
    const other = rows.map((values, at) =>
      at === row ? values.map((value, index) => (index === column ? value + by : value)) : values,
    );
    return reference({ ...sample, arrays: { ...sample.arrays, [array]: other } }, sample);
  };
  return rows.map((values, row) =>
    values.map((_, column) => {
      // The norm of zeros is the root of 1e-10.
      const step = 1e-4 * Math.max(1e-5, array.endsWith('bias') ? 1 : Math.hypot(...values) / values.length);
      // Error of the order step^4: Richardson's extrapolation of two central differences.
      const central = (by: number): number => (changed(row, column, by) - changed(row, column, -by)) / (2 * by);
      return (4 * central(step) - central(2 * step)) / 3;
    }),
  );
}

describe.each([trainingEngine('cpu').identity, ...everyEngine()])('losses on $name', (identity) => {
  let engine: Backend;
  beforeAll(async () => {
    engine = await loadBackend(identity, { threads: 1 });
  });

  // There each takes seconds until its programs are translated: one case of each loss; FLOW_WEBGPU=all has all of them.
  const isQuick = identity.name !== 'webgpu' || process.env['FLOW_WEBGPU'] === 'all';
  const casesHere = isQuick
    ? cases
    : cases.filter(({ choice }, index) => cases.findIndex((each) => each.choice.name === choice.name) === index);

  describe.each(casesHere)('$title', ({ choice, loss, reference, nextState, bendsAtZeros }) => {
    // A margin on the angle bends where the angle is 0; the comparison with PyTorch in test/peers has these too.
    const bends = bendsAtZeros === true ? [zeros, parallel] : [parallel];
    const smooth = Object.entries(samplesOf(choice)).filter(([name]) => !bends.includes(name));
    const [first] = smooth;
    it.each(isQuick || first === undefined ? smooth : [first])(
      'has value, gradients and next state of its formula: %s',
      async (name, sample) => {
        const tolerance = name === hardToRound ? 1e-3 : 1e-5;
        const { value, gradients, state } = await computeLoss(engine, loss, sample);
        const expected = reference(sample, sample);
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(tolerance * Math.max(0.1, expected));
        const arrays = loss.arrays({ classes: sample.classes, embeddingSize });
        const trained = arrays.filter(({ role }) => role === 'trained').map((array) => array.name);
        expect([...gradients.keys()]).toEqual(['embeddings', ...trained]);
        for (const [array, gradient] of gradients) {
          const wrong = wrongEntries(gradient, derivatives(reference, sample, array), tolerance);
          expect([array, wrong]).toEqual([array, []]);
        }
        const next = Object.entries(nextState?.(sample) ?? {});
        expect([...state.keys()]).toEqual(arrays.filter(({ role }) => role === 'state').map((array) => array.name));
        expect([...state.keys()]).toEqual(next.map(([array]) => array));
        for (const [array, rows] of next) expect(wrongEntries(state.get(array), rows, tolerance)).toEqual([]);
      },
    );
  });

  const classifiers = casesHere.filter(({ choice }) => 'fc7_weight' in (samplesOf(choice)['one class']?.arrays ?? {}));
  it.each(classifiers)(
    'stays finite where embedding and centre point the same or the opposite way: $title',
    async ({ choice, loss, reference }) => {
      const { arrays } = samplesOf(choice)['a batch of one'] ?? {};
      const [first = []] = arrays?.['fc7_weight'] ?? [];
      const perClass = choice.name === 'sub-centre-arcface' ? choice.centres : 1;
      for (const direction of [1, -1]) {
        const sample = {
          labels: [0],
          classes: 5,
          arrays: { ...arrays, embeddings: [first.map((value) => value * direction)] },
        };
        const { value, gradients } = await computeLoss(engine, loss, sample);
        // At cosine 1 the slope of a margin is infinite: the cosine is kept 1e-7 below it, which are 4.5e-4 radians,
        // times the scale, 64, and the factor of the angle, 1.5.
        const expected = reference(sample, sample);
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(0.045 + 1e-3 * expected);
        for (const gradient of gradients.values()) {
          expect(gradient.every((each) => Math.abs(each) < 1000 * perClass)).toBe(true);
        }
      }
    },
  );

  it('counts the samples whose greatest logit, margin included, is the label', async () => {
    // Cosines with the centres (1, 0) and (0, 1): 0.8 and 0.6; 0.6 and 0.8.
    const arrays = { embeddings: [[4, 3], [3, 4], [4, 3]], fc7_weight: [[1, 0], [0, 1]], fc7_bias: [[0, 0]] }; // prettier-ignore
    const sample = { labels: [0, 0, 1], classes: 2, arrays };
    const correct = async (choice: LossChoice): Promise<number | undefined> =>
      (await computeLoss(engine, lossOf(choice), sample)).correct;
    expect(await correct({ name: 'softmax' })).toBe(1);
    expect(await correct({ name: 'cosface', margin: 0.1, scale: 64 })).toBe(1);
    expect(await correct({ name: 'cosface', margin: 0.3, scale: 64 })).toBe(0);
  });

  it.each([
    [{ name: 'uniface', margin: 0.4, negativeWeight: 1, biasFactor: 1, scale: 64 }, { threshold: 1.5 / 64 }],
    [
      { name: 'elasticface', form: 'arc', margin: 0.5, deviation: 0, hardestFirst: false, scale: 64 },
      { margin: 0.5, marginDeviation: 0 },
    ],
    [
      { name: 'graded-margin', margin: 0.5, leastShare: 1, scale: 64 },
      // Angles of 0.6435 and, beyond one radian, 1.5708.
      { margin: 0.25, marginDeviation: 0.25 },
    ],
    [
      { name: 'adaface', margin: 0.4, concentration: 0.333, averageRate: 0.01, scale: 64 },
      // Norms of 5 and 10 beside a mean of 2.55 and a deviation of 0.77786: 1.0475 and 3.1853, kept below 1.
      { margin: -0.4, marginDeviation: 0 },
    ],
  ] as const)('reports its margins or its threshold: $0', async (choice, figures) => {
    const numbers = { norm_mean: [[2.5]], norm_deviation: [[0.75]], threshold_bias: [[1.5]] };
    const arrays = { embeddings: [[4, 3], [0, 10]], fc7_weight: [[1, 0], [0, 1]], ...numbers }; // prettier-ignore
    const found = await computeLoss(engine, lossOf(choice), { labels: [0, 0], classes: 2, arrays });
    for (const [name, value] of Object.entries(figures)) expect([name, found.figures[name]]).toEqual([name, expect.closeTo(value, 5)]); // prettier-ignore
  });

  it('does not underflow at logits of a thousand', async () => {
    const arrays = { embeddings: [[1000, 0]], fc7_weight: [[1, 0], [-1, 0]], fc7_bias: [[0, 0]] }; // prettier-ignore
    const { value } = await computeLoss(engine, lossOf({ name: 'softmax' }), { labels: [1], classes: 2, arrays });
    expect(value).toBe(2000);
  });
});

describe('options of losses', () => {
  const magface = {
    name: 'magface',
    leastMargin: 0.45,
    greatestMargin: 0.8,
    normWeight: 35,
    easyMargin: true,
  } as const;
  it.each([
    [
      { ...magface, leastNorm: 10, greatestNorm: 10, scale: 64 },
      'expected loss.leastNorm to be below loss.greatestNorm, found 10 and 10',
    ],
    [
      { ...magface, leastNorm: 10, greatestNorm: 110, greatestMargin: 0.4, scale: 64 },
      'expected loss.leastMargin to be loss.greatestMargin at most, found 0.45 and 0.4',
    ],
    [
      { name: 'drawn-margin', least: 1, greatest: 0.5, scale: 64 },
      'expected loss.least to be loss.greatest at most, found 1 and 0.5',
    ],
  ] as const)('that contradict each other are refused: $0', (choice, message) => {
    expect(() => lossOf<LossChoice['name']>(choice)).toThrow(message);
  });
});

describe('the check of losses', () => {
  it('covers every registered loss, and every option with more than one value', () => {
    const choices = cases.map(({ choice }) => choice);
    expect(new Set(choices.map(({ name }) => name))).toEqual(new Set(Object.keys(losses)));
    for (const [name, { options }] of Object.entries(losses)) {
      const own = choices
        .filter((choice) => choice.name === name)
        .map((choice) => new Map<string, unknown>(Object.entries(choice)));
      for (const option of Object.keys(options)) {
        const values = new Set(own.map((choice) => choice.get(option)));
        expect([name, option, values.size > 1]).toEqual([name, option, true]);
      }
    }
  });
});
