import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { lossOf } from '../../../../src/kit/net/losses/index.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import { ruleOf } from '../../../../src/kit/net/optimizers/index.ts';
import { readCheckpoint, writeCheckpoint } from '../../../../src/kit/net/training/checkpoint.ts';
import { Trainer } from '../../../../src/kit/net/training/trainer.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';
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

  it('is undefined in a folder without one', () => {
    expect(readCheckpoint(temporaryFolder())).toBeUndefined();
  });
});
