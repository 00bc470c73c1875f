import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { lossOf } from '../../../../src/kit/net/losses/index.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import { ruleOf } from '../../../../src/kit/net/optimizers/index.ts';
import { readCheckpoint, writeCheckpoint } from '../../../../src/kit/net/training/checkpoint.ts';
import { Trainer } from '../../../../src/kit/net/training/trainer.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';
import { referenceEngine } from '../backends/engines.ts';

const progress = { curves: [], window: { steps: 0 } };

/** One layer of 20 million weights, all different. A `Set` holds 16.8 million values. */
async function largeTraining(): Promise<{ readonly trainer: Trainer; readonly weight: NamedArray }> {
  const builder = new GraphBuilder();
  const dense = builder.add('fully-connected', 'fc', builder.data, { units: 20_000, bias: false });
  const shaped = inferShapes(builder.build({ channels: 1, height: 25, width: 40 }, dense));
  const weight = {
    name: 'fc_weight',
    shape: [20_000, 1000],
    // Consecutive bit patterns from that of 0.5 on.
    values: new Float32Array(Uint32Array.from({ length: 20_000_000 }, (_, index) => 0x3f000000 + index).buffer),
  };
  const trainer = new Trainer({
    backend: await referenceEngine(),
    shaped,
    weights: { distribution: 'gaussian', fan: 'out' },
    classes: 1,
    loss: lossOf({ name: 'softmax' }),
    optimizer: ruleOf({ learningRate: 0.1, momentum: 0, weightDecay: 0 }),
    seed: 1,
    start: new Map([[weight.name, weight]]),
  });
  return { trainer, weight };
}

function bytesOf(array: NamedArray | undefined): Buffer {
  return Buffer.from(array?.values.buffer ?? new ArrayBuffer(0));
}

/** Checkpoints of so many steps in a folder, of which `keep` stay. */
async function small(steps: number, keep: number): Promise<string> {
  const folder = temporaryFolder();
  for (let step = 1; step <= steps; step += 1) {
    const state = ['fc_weight', 'velocity/fc_weight'].map((name, at) => ({
      name,
      shape: [2, 3],
      values: Float32Array.from({ length: 6 }, (_, index) => step + at + index),
    }));
    const curves = [{ name: 'verification/lfw', points: [[step, 0.5]] as const }];
    await writeCheckpoint(folder, { step, state, progress: { ...progress, curves } }, keep);
  }
  return folder;
}

describe('a checkpoint', () => {
  it('of 20 million values is read from the engine in less than a second, and holds them all', async () => {
    const { trainer, weight } = await largeTraining();
    // Time of the processor: the tests beside this one keep it busy.
    const start = process.cpuUsage();
    const [read] = await trainer.parameters();
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(1);
    expect(bytesOf(read).equals(bytesOf(weight))).toBe(true);

    const folder = temporaryFolder();
    await writeCheckpoint(folder, { step: 7, state: trainer.state(), progress });
    // Behind it the classifier of one class: 20,000 weights, and a bias.
    expect(statSync(join(folder, 'step-7.bin')).size).toBe(4 * (20_000_000 + 20_000 + 1));
    const written = readCheckpoint(folder)?.state.get(weight.name);
    expect(bytesOf(written).equals(bytesOf(weight))).toBe(true);
    trainer.dispose();
  }, 60_000);

  it('is undefined in a folder without one, and in one that a kill in the first saving has left', async () => {
    expect(readCheckpoint(temporaryFolder())).toBeUndefined();
    const folder = await small(1, 1);
    rmSync(join(folder, 'checkpoint.json'));
    expect(readdirSync(folder)).toEqual(['step-1.bin']);
    expect(readCheckpoint(folder)).toBeUndefined();
  });

  it.each<[string, (text: string) => string]>([
    ['another step', (text) => text.replace('"step":1', '"step":2')],
    ['another curve', (text) => text.replace('[1,0.5]', '[1,0.99]')],
    ['no curves', (text) => text.replace(/"progress":.*"window":\{"steps":0\}\}/, '"progress":{}')],
    ['a later version', (text) => text.replace('"version":1', '"version":99')],
    ['an array less', (text) => text.replace(/\{"name":"velocity[^}]*\}/, '').replace(',]', ']')],
    ['no list of arrays', (text) => text.replace(/"arrays":\[[^\]]*\]\}?\]?/, '"arrays":5')],
    ['another shape', (text) => text.replace('"shape":[2,3]', '"shape":[3,2]')],
    ['a place before the file', (text) => text.replace('"offset":0', '"offset":-4')],
    ['nothing of JSON', (text) => text.slice(0, -20)],
  ])('whose description says %s is damaged, and the one before it is taken where there is one', async (_, change) => {
    const folder = await small(1, 1);
    const file = join(folder, 'checkpoint.json');
    const changed = change(readFileSync(file, 'utf8'));
    expect(changed).not.toBe(readFileSync(file, 'utf8'));
    writeFileSync(file, changed);
    const [failure] = await failuresOf(() => readCheckpoint(folder));
    expect(failure).toMatchObject({ code: 'checkpoint-damaged', at: { file } });

    const two = await small(2, 2);
    writeFileSync(join(two, 'checkpoint.json'), changed);
    const told: string[] = [];
    const found = readCheckpoint(two, ({ failures: [{ code }] }) => void told.push(code));
    expect([found?.step, told]).toEqual([1, ['checkpoint-damaged']]);
  });

  it('whose description is gone is not passed over where there is one before it', async () => {
    const folder = await small(2, 2);
    rmSync(join(folder, 'checkpoint.json'));
    const told: string[] = [];
    const found = readCheckpoint(folder, ({ failures: [{ message }] }) => void told.push(message));
    expect(found?.step).toBe(1);
    expect(told).toEqual(['the checkpoint of the training is damaged: its description is missing']);
  });
});
