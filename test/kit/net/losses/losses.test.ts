import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { type LossChoice, lossOf, losses } from '../../../../src/kit/net/losses/index.ts';
import { otherEngines } from '../backends/engines.ts';
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

describe.each([trainingEngine('cpu').identity, ...otherEngines()])('losses on $name', (identity) => {
  let engine: Backend;
  beforeAll(async () => {
    engine = await loadBackend(identity, { threads: 1 });
  });

  describe.each(cases)('$title', ({ choice, loss, reference, nextState, bendsAtZeros }) => {
    // A margin on the angle bends where the angle is 0; the comparison with PyTorch in test/peers has these too.
    const bends = bendsAtZeros === true ? [zeros, parallel] : [parallel];
    const smooth = Object.entries(samplesOf(choice)).filter(([name]) => !bends.includes(name));
    it.each(smooth)('has value, gradients and next state of its formula: %s', async (name, sample) => {
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
    });
  });

  const classifiers = cases.filter(({ choice }) => 'fc7_weight' in (samplesOf(choice)['one class']?.arrays ?? {}));
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

  it('does not underflow at logits of a thousand', async () => {
    const arrays = { embeddings: [[1000, 0]], fc7_weight: [[1, 0], [-1, 0]], fc7_bias: [[0, 0]] }; // prettier-ignore
    const { value } = await computeLoss(engine, lossOf({ name: 'softmax' }), { labels: [1], classes: 2, arrays });
    expect(value).toBe(2000);
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
