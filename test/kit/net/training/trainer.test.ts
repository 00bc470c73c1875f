import { beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { Random } from '../../../../src/core/random.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { Trainer } from '../../../../src/kit/net/training/trainer.ts';
import { referenceEngine } from '../backends/engines.ts';

const size = { height: 8, width: 8 };
const classes = 3;
const batch = 6;

/** A convolution with everything that usually surrounds it, and an embedding of four numbers. */
function tinyNetwork(): ReturnType<typeof inferShapes> {
  const builder = new GraphBuilder();
  const centred = builder.add('minus-scalar', 'minus', builder.data, { scalar: 127.5 });
  const scaled = builder.add('multiply-scalar', 'times', centred, { scalar: 0.0078125 });
  const convolved = builder.add('convolution', 'conv', scaled, {
    filters: 4,
    kernel: [3, 3],
    stride: [2, 2],
    pad: [1, 1],
    groups: 1,
    bias: false,
  });
  const normalized = builder.add('batch-normalization', 'bn', convolved, {
    epsilon: 1e-3,
    momentum: 0.9,
    fixGamma: false,
  });
  const activated = builder.add('prelu', 'relu', normalized);
  const thinned = builder.add('dropout', 'drop', activated, { rate: 0.2 });
  const dense = builder.add('fully-connected', 'fc', thinned, { units: 4, bias: true });
  return inferShapes(builder.build({ channels: 3, ...size }, dense));
}

function trainer(engine: Backend, seed = 1): Trainer {
  return new Trainer({
    engine,
    inferred: tinyNetwork(),
    weights: { distribution: 'gaussian', fan: 'out' },
    classes,
    loss: { name: 'softmax' },
    optimizer: { momentum: 0.9, weightDecay: 5e-4 },
    seed,
  });
}

/** Images of noise whose greatest channel is the label's. */
function drawBatch(step: number): { readonly images: Uint8Array; readonly labels: Int32Array } {
  const random = new Random(step);
  const labels = Int32Array.from({ length: batch }, () => random.integer(classes));
  const imageValues = size.height * size.width * 3;
  const images = Uint8Array.from({ length: batch * imageValues }, (_, index) => {
    const label = labels[Math.floor(index / imageValues)];
    return random.integer(128) + (index % 3 === label ? 90 : 0);
  });
  return { images, labels };
}

let engine: Backend;

beforeAll(async () => {
  engine = await referenceEngine();
});

describe('Trainer', () => {
  it('learns to tell colours apart, and leaks no tensor over 200 steps', () => {
    const training = trainer(engine);
    const first = training.step({ step: 1, ...drawBatch(1), learningRate: 0.005 });
    const tensors = engine.tf.memory().numTensors;
    let right = 0;
    for (let step = 2; step <= 200; step += 1) {
      const { accuracy } = training.step({ step, ...drawBatch(step), learningRate: 0.005 });
      if (step > 150) right += accuracy / 50;
    }
    expect(engine.tf.memory().numTensors).toBe(tensors);
    expect(first.loss).toBeGreaterThan(0.7);
    expect(right).toBeGreaterThan(0.9);
    training.dispose();
  });

  it('goes on from its state exactly as if it had not stopped', () => {
    const straight = trainer(engine);
    const interrupted = trainer(engine);
    for (const training of [straight, interrupted]) {
      for (let step = 1; step <= 3; step += 1) training.step({ step, ...drawBatch(step), learningRate: 0.005 });
    }
    const state = new Map([...interrupted.state()].map((array) => [array.name, array]));
    interrupted.dispose();
    const resumed = trainer(engine, 1);
    resumed.restore(state);
    for (const training of [straight, resumed]) {
      for (let step = 4; step <= 6; step += 1) training.step({ step, ...drawBatch(step), learningRate: 0.005 });
    }
    expect([...resumed.state()]).toEqual([...straight.state()]);
    straight.dispose();
    resumed.dispose();
  });

  it('embeds as the model that it writes does, moving statistics included', async () => {
    const training = trainer(engine);
    for (let step = 1; step <= 3; step += 1) training.step({ step, ...drawBatch(step), learningRate: 0.005 });
    const embedder = training.embedder();
    const { images } = drawBatch(9);
    const [both, first] = [await embedder.embed(images, batch), await embedder.embed(images.subarray(0, 192), 1)];
    expect(both.length).toBe(batch * 4);
    expect(Array.from(both.subarray(0, 4))).toEqual(Array.from(first));
    training.dispose();
  });

  it('fails with what to do about it where the loss is no longer a number, and leaks nothing then', () => {
    const training = trainer(engine);
    training.step({ step: 1, ...drawBatch(1), learningRate: 1e30 });
    const tensors = engine.tf.memory().numTensors;
    const failing = (): unknown => training.step({ step: 2, ...drawBatch(2), learningRate: 1e30 });
    expect(failing).toThrow(FailureError);
    expect(failing).toThrow(/^The training has diverged: the loss of step 2 is NaN \(learning rate 1e\+30\)\.$/);
    expect(engine.tf.memory().numTensors).toBe(tensors);
    training.dispose();
  });

  it('refuses labels beyond the number of identities', () => {
    const training = trainer(engine);
    const labels = Int32Array.of(0, 1, 2, 3, 0, 1);
    const failing = (): unknown => training.step({ step: 1, images: drawBatch(1).images, labels, learningRate: 0.1 });
    expect(failing).toThrow('The data set holds label 3, but it has 3 identities: labels must be 0 to 2.');
    training.dispose();
  });
});
