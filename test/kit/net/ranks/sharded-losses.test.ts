import { describe, expect, it } from 'vitest';
import { losses } from '../../../../src/kit/net/losses/index.ts';
import { inRanks, mpiHere } from './mpi.ts';

const mpi = mpiHere();
const reason = typeof mpi === 'string' ? ` (not run: ${mpi})` : '';

/** Those whose classes can be shared, without options; and one whose logits are beyond what their powers allow. */
const shared = [
  ...Object.entries(losses)
    .filter(([, loss]) => 'rowsPerClass' in loss)
    .map(([name, { options }]) => ({ name, ...defaultsOf(options) })),
  { name: 'arcface', margin: 0.5, scale: 200, easyMargin: false, interclassFilter: 0.4 },
];

function defaultsOf(options: object): object {
  const entries = Object.entries<Readonly<Record<string, unknown>>>({ ...options });
  return Object.fromEntries(
    entries.flatMap(([name, schema]) => ('default' in schema ? [[name, schema['default']]] : [])),
  );
}

describe.skipIf(typeof mpi === 'string')(`classes that ranks share${reason}`, { timeout: 60_000 }, () => {
  it('are those of the losses with class centres and a softmax', () => {
    expect(shared.map(({ name }) => name)).toEqual([
      ...['sphereface', 'cosface', 'multiplied-angle', 'arcface', 'combined', 'graded-margin', 'drawn-margin'],
      ...['curricularface', 'sub-centre-arcface', 'magface', 'adaface', 'elasticface', 'arcface'],
    ]);
  });

  it.each([2, 3])('give %s ranks the loss and the gradients of one process', async (ranks) => {
    const output = await inRanks(ranks, 'sharded-losses.mjs', { args: ['cpu', JSON.stringify(shared)] });
    const differences = JSON.parse(output) as readonly Readonly<Record<string, number | string>>[];
    expect(differences.map(({ loss }) => loss)).toEqual(shared.map(({ name }) => name));
    for (const { loss, ...each } of differences) {
      for (const [what, difference] of Object.entries(each)) {
        expect(Number(difference), `${String(loss)}: ${what}`).toBeLessThan(1e-6);
      }
    }
  });
});
