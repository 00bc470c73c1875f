import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { losses } from '../../src/kit/net/losses/index.ts';
import { outcomes, Rig } from './rig.ts';

const pipeline = fileURLToPath(new URL('../../pipelines/loss-table.yaml', import.meta.url));

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});

afterAll(async () => {
  await rig.dispose();
});

async function trainings(...options: string[]): Promise<string[]> {
  const { code, stdout } = await rig.flow(['plan', pipeline, '--json', ...options]);
  expect(code).toBe(0);
  return [...new Set(stdout.match(/train\[[^\]]+\]/g))];
}

describe('the table of losses', () => {
  it('has ten losses, three seeds of each, exact and straight-through where a loss can do both', async () => {
    const tasks = await trainings();
    const named = [...new Set(tasks.map((task) => /loss=([^,]+)/.exec(task)?.[1] ?? ''))];
    expect(named).toHaveLength(10);
    const wanted = named.flatMap((loss) => {
      const options: object = losses[loss as keyof typeof losses].options;
      const gradients = 'gradient' in options ? ['exact', 'straight-through'] : ['exact'];
      return gradients.flatMap((gradient) =>
        [1, 2, 3].map((seed) => `train[seed=${seed},loss=${loss},gradient=${gradient}]`),
      );
    });
    expect(tasks.sort()).toEqual(wanted.sort());
  });

  it('has the same losses and gradients in its smoke profile, with one seed', async () => {
    const [all, small] = [await trainings(), await trainings('--profile', 'smoke')];
    expect(small.sort()).toEqual(all.filter((task) => task.includes('seed=1')).sort());
  });

  it(
    'trains, verifies and reports in its smoke profile, and comes from the cache the second time',
    { timeout: 900_000 },
    async () => {
      const run = ['run', pipeline, '--profile', 'smoke', '--json'];
      const ended = await rig.flow(run, { FLOW_ENGINE: '' });
      expect(ended.stderr).toBe('');
      expect(ended.code).toBe(0);
      expect([...new Set(Object.values(outcomes(ended)))]).toEqual(['done']);
      const again = await rig.flow(run, { FLOW_ENGINE: '' });
      expect([...new Set(Object.values(outcomes(again)))]).toEqual(['cached']);
    },
  );
});
