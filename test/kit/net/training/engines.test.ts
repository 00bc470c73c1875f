import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { everyEngine, referenceEngine } from '../backends/engines.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { type SmallFamily, smallFamilies } from '../backends/small-families.ts';
import { type Course, floatsOf, type Trained, train } from './short-training.ts';

const { resnet } = smallFamilies;
if (resnet === undefined) throw new Error('the families have other names');

/** A value before a normalisation has a gradient of 0 but for rounding. */
const leastScale = 1e-3;

/** At a rate at which a fresh network does not make another one of every rounding. */
const slowly = { learningRate: 1e-4, loss: { name: 'softmax' } } as const;

const courses: Readonly<Record<string, readonly [SmallFamily, Course]>> = {
  softmax: [resnet, { ...slowly, steps: 5 }],
  'ArcFace, in steps of two batches': [
    resnet,
    { ...slowly, loss: { name: 'arcface', margin: 0.5, scale: 8, easyMargin: false }, steps: 2, parts: 2 },
  ],
};

const reference = new Map<string, Trained>();
beforeAll(async () => {
  const backend = await referenceEngine();
  for (const [name, [family, course]] of Object.entries(courses)) {
    reference.set(name, await train(backend, family, course));
  }
}, 120_000);

describe.each(everyEngine())('a few steps on $name', ({ name: engine, version }) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await loadBackend({ name: engine, version }, { threads: 1 });
  });

  it.each(Object.entries(courses))(
    'end where those on the plain CPU engine do: %s',
    { timeout: 300_000 },
    async (name, [family, course]) => {
      const wanted = reference.get(name);
      const found = await train(backend, family, course);
      const differences = found.results.map(
        ({ loss }, step) => Math.abs(loss - (wanted?.results[step]?.loss ?? NaN)) / loss,
      );
      expect(Math.max(...differences)).toBeLessThan(1e-4);
      const unlike = [...(wanted?.state ?? [])]
        .filter(([array]) => !array.startsWith('velocity/'))
        .flatMap(([array, bytes]) => {
          const difference = relativeDifference(floatsOf(found.state.get(array)), floatsOf(bytes), leastScale);
          return difference < 1e-3 ? [] : [{ array, difference }];
        });
      expect(unlike).toEqual([]);
    },
  );
});
