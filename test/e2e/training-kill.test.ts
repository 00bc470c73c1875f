import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { digestOf } from '../../src/core/digest.ts';
import { trainsOnFewFaces } from './few-faces.ts';
import { Rig } from './rig.ts';

/** Kills of each kind of loss; `FLOW_TRAINING_KILLS=20` for the figure of the documentation. */
const kills = Number(process.env['FLOW_TRAINING_KILLS'] ?? 1);

/** One of each kind: what it keeps is in the checkpoint, or it draws, or its batches are mined. */
const trainings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  softmax: { loss: { name: 'softmax' } },
  'a margin, averaged weights': { loss: { name: 'arcface' }, averageWeights: 0.9 },
  'a state that moves': { loss: { name: 'adaface' } },
  'drawn margins': { loss: { name: 'elasticface' }, optimizer: { name: 'adamw', learningRate: 0.0001 } },
  'mined triplets': { loss: { name: 'triplet', imagesPerIdentity: 2, poolSize: 12 }, batch: 6 },
  'several batches a step, recomputed': { loss: { name: 'cosface' }, accumulate: 2, recompute: true },
};

/** The other losses with a state or batches of their own, and what else is kept in between: where more than one kill is asked for. */
const others: typeof trainings = {
  'centres that move': { loss: { name: 'centre' } },
  'a running mean': { loss: { name: 'curricularface' } },
  'a loss with a bias of its own': { loss: { name: 'uniface' } },
  'batches by identity': { loss: { name: 'coco', imagesPerIdentity: 2 } },
  'pairs of a batch': { loss: { name: 'marginal', imagesPerIdentity: 2 } },
  'the best kept, images changed, event files': {
    keep: 'best',
    validation: '${stages.pack.outputs.pairs}',
    verifyEverySteps: 2,
    augment: { crop: {}, lowResolution: {}, photometric: {} },
    eventFiles: true,
  },
};

const experiment = `name: killed
${trainsOnFewFaces}      loss: { name: softmax }
      optimizer: { learningRate: 0.001 }
      schedule: { maxSteps: 6, steps: [4] }
      batch: 4
      checkpointEverySteps: 1
      logEverySteps: 2
`;

let rig: Rig;

beforeAll(async () => {
  rig = new Rig();
  rig.write('killed.yaml', experiment);
  expect((await rig.flow(['run', 'killed.yaml', 'pack'])).code).toBe(0);
});

afterAll(async () => {
  await rig.dispose();
});

/** The fastest engine that trains here. */
const anyEngine = { FLOW_ENGINE: '' };

describe.each(Object.entries(kills > 1 ? { ...trainings, ...others } : trainings))(
  'a training with %s',
  (name, params) => {
    const settings = Object.entries(params).flatMap(([key, value]) => [
      '--set',
      `stages.train.with.${key}=${JSON.stringify(value)}`,
    ]);
    const call = ['run', 'killed.yaml', 'train', '--json', ...settings];
    const result = (): string[] =>
      ['model/parameters.bin', 'log.json'].map((file) =>
        digestOf(readFileSync(rig.path('runs', rig.runs().at(-1) ?? '', 'outputs/train', file))),
      );

    it('that is killed at any moment ends with the same bytes', { timeout: 60_000 + kills * 120_000 }, async () => {
      const random = Random.derive(7, name);
      const before = performance.now();
      const unbroken = await rig.flow(call, anyEngine);
      const lasts = performance.now() - before;
      expect(unbroken.stderr).toBe('');
      expect(unbroken.code).toBe(0);
      const wanted = result();
      let resumed = 0;
      for (let kill = 0; kill < kills; kill += 1) {
        // Its result is in the cache: it is computed once more.
        const running = rig.start([...call, '--force', 'train'], anyEngine);
        await sleep(random.uniform(0.3, 0.95) * lasts);
        running.process.kill('SIGKILL');
        await running.ended;
        // Whatever it left behind ends by itself, or by the next run.
        const again = await rig.flow([...call, '--force', 'train'], anyEngine);
        expect(again.code).toBe(0);
        expect(result()).toEqual(wanted);
        if (again.stdout.includes('resumes from the checkpoint')) resumed += 1;
      }
      // Those that are killed before the first checkpoint begin again, as they have to.
      if (kills >= 5) expect(resumed).toBeGreaterThan(0);
    });
  },
);
