import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import { encodeJpeg } from '../../../src/kit/image/image.ts';
import { readModel } from '../../../src/kit/net/model/model-folder.ts';
import type { TrainingLog } from '../../../src/kit/net/training/training-log.ts';
import type { Params } from '../../../stages/train/contract.ts';
import { temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { train } from './small-training.ts';

/** `FLOW_RANKS_Y1=1`: ten minutes. The network as it is drawn makes a thousandth of a rounding in a few steps, so that it has to have learned a little. */
const isAsked = process.env['FLOW_RANKS_Y1'] === '1';
const [side, identities, images] = [112, 8, 32];

/** Waves by identity, and noise by image. */
function pack(): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder);
  for (let index = 0; index < images; index += 1) {
    const identity = Math.floor((index * identities) / images);
    const [noise, waves] = [new Random(1000 + index), new Random(identity + 1)];
    const factors = Array.from({ length: 5 }, () => waves.uniform());
    const [right = 0, down = 0, ...phases] = factors;
    const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
      const [channel, x, y] = [at % 3, Math.floor(at / 3) % side, Math.floor(at / 3 / side)];
      const angle = 2 * Math.PI * ((right * 4 * x) / side + (down * 4 * y) / side + (phases[channel] ?? 0));
      return Math.round(128 + 80 * Math.sin(angle) + noise.uniform(-20, 20));
    });
    writer.add(identity, true, encodeJpeg({ width: side, height: side, data }));
  }
  writer.finish({ height: side, width: side });
  return folder;
}

const params: Partial<Params> = {
  network: { name: 'y1', embeddingSize: 128, bnMomentum: 0.9 },
  batch: 16,
  verifyEverySteps: 100,
  checkpointEverySteps: 100,
  logEverySteps: 1,
};
const schedule = (maxSteps: number): Pick<Params, 'schedule'> => ({
  schedule: { maxSteps, steps: [], warmupSteps: 0 },
});
const optimizer = (learningRate: number): Pick<Params, 'optimizer'> => ({
  optimizer: { learningRate, momentum: 0.9, weightDecay: 5e-4 },
});

function lossesOf(folder: string): readonly number[] {
  const { curves } = JSON.parse(readFileSync(join(folder, 'log.json'), 'utf8')) as TrainingLog;
  return curves.find(({ name }) => name === 'loss')?.points.map(([, value]) => value) ?? [];
}

describe.skipIf(!isAsked)('y1 over twenty steps (FLOW_RANKS_Y1=1)', { timeout: 1_800_000 }, () => {
  let [dataset, start] = ['', ''];

  beforeAll(async () => {
    [dataset, start] = [pack(), temporaryFolder()];
    const learning = { ...params, loss: { name: 'softmax' } as const, ...schedule(80), ...optimizer(0.05) };
    await train({ dataset, folder: start, params: learning });
  }, 1_800_000);

  it.each<Partial<Params>>([
    { loss: { name: 'arcface', margin: 0.5, scale: 64, easyMargin: false } },
    { loss: { name: 'arcface', margin: 0.5, scale: 64, easyMargin: false }, classRate: 0.5 },
    { loss: { name: 'softmax' } },
  ])('has on two ranks the losses and weights that it has in one process: %j', async (choice) => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    const more = { ...params, ...choice, ...schedule(20), ...optimizer(0.0005) };
    const pretrained = join(start, 'model');
    await train({ dataset, folder: one, params: more, pretrained });
    await train({ dataset, folder: two, params: more, pretrained, ranks: 2 });
    const others = lossesOf(two);
    expect(others).toHaveLength(20);
    for (const [step, loss] of lossesOf(one).entries())
      expect(Math.abs((others[step] ?? NaN) - loss)).toBeLessThan(1e-4);
    const parameters = readModel(join(two, 'model')).parameters;
    for (const [name, { values }] of readModel(join(one, 'model')).parameters) {
      if (name.includes('moving_')) continue;
      const same = parameters.get(name)?.values ?? [];
      const far = Math.max(...values.map((value, at) => Math.abs(value - (same[at] ?? NaN))));
      expect(far, name).toBeLessThan(1e-4);
    }
  });
});
