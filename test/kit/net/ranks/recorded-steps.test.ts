import { describe, expect, it } from 'vitest';
import { otherEngines } from '../backends/engines.ts';
import { inRanks, mpiHere } from './mpi.ts';

const mpi = mpiHere();
const reason = typeof mpi === 'string' ? ` (not run: ${mpi})` : '';
const isThere = otherEngines().some(({ name }) => name === 'tensorflow');

interface Answer {
  readonly arrays: number;
  readonly one: number;
}

describe.skipIf(typeof mpi === 'string' || !isThere)(`a step with the statistics of the whole batch${reason}`, () => {
  it('gives as graphs between the exchanges the bits of its kernels one by one', { timeout: 120_000 }, async () => {
    const answers = JSON.parse(await inRanks(2, 'recorded-steps.mjs', {})) as readonly Answer[];
    expect(answers).toHaveLength(2);
    for (const { arrays, one, ...found } of answers) {
      expect(arrays).toBeGreaterThan(50);
      expect(one).toBeGreaterThan(0);
      expect(found).toEqual({ differing: [], isSame: true, issued: 0, left: 0 });
    }
  });
});
