import { beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { Random } from '../../../../src/core/random.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import { lossOf } from '../../../../src/kit/net/losses/index.ts';
import { bindLoss, type BoundLoss } from '../../../../src/kit/net/losses/loss.ts';
import { triplet } from '../../../../src/kit/net/losses/triplet.ts';
import { type OptimizerChoice, ruleOf } from '../../../../src/kit/net/optimizers/index.ts';
import { readCheckpoint, writeCheckpoint } from '../../../../src/kit/net/training/checkpoint.ts';
import { Trainer, type TrainerOptions } from '../../../../src/kit/net/training/trainer.ts';
import type { StepResult } from '../../../../src/kit/net/training/training-step.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';
import { referenceEngine } from '../backends/engines.ts';
import { sampledLoss, statefulLoss } from './trial-losses.ts';

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

const sgd: OptimizerChoice = { learningRate: 0.005, momentum: 0.9, weightDecay: 5e-4 };
const adamw: OptimizerChoice = {
  name: 'adamw',
  learningRate: 0.005,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
};

interface Choice {
  readonly loss?: BoundLoss;
  readonly optimizer?: OptimizerChoice;
  readonly shaped?: ReturnType<typeof inferShapes>;
  readonly clipGradient?: number;
  readonly averageDecay?: number;
  readonly frozen?: ReadonlySet<string>;
  readonly recompute?: boolean;
}

/** Without statistics of the batch and without dropout: what a batch of six computes, two of three compute too. */
function plainNetwork(): ReturnType<typeof inferShapes> {
  const builder = new GraphBuilder();
  const scaled = builder.add('multiply-scalar', 'times', builder.data, { scalar: 0.0078125 });
  const dense = builder.add('fully-connected', 'fc', builder.add('prelu', 'relu', scaled), { units: 4, bias: true });
  return inferShapes(builder.build({ channels: 3, ...size }, dense));
}

function trainer(
  engine: Backend,
  { loss = lossOf({ name: 'softmax' }), optimizer = sgd, shaped = tinyNetwork(), ...more }: Choice = {},
): Trainer {
  return new Trainer({
    backend: engine,
    shaped,
    ...more,
    weights: { distribution: 'gaussian', fan: 'out' },
    classes,
    loss,
    optimizer: ruleOf(optimizer),
    seed: 1,
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

function bytesOf(values: Float32Array | undefined): Buffer {
  return Buffer.from(values?.buffer ?? new ArrayBuffer(0));
}

async function stateOf(training: Trainer): Promise<NamedArray[]> {
  const arrays: NamedArray[] = [];
  for await (const array of training.state()) arrays.push(array);
  return arrays;
}

let engine: Backend;

beforeAll(async () => {
  engine = await referenceEngine();
});

describe('Trainer', () => {
  it('learns to tell colours apart, and leaks no tensor over 200 steps', async () => {
    const training = trainer(engine);
    const first = await training.step({ step: 1, ...drawBatch(1), learningRate: 0.005 });
    const tensors = engine.tf.memory().numTensors;
    let right = 0;
    for (let step = 2; step <= 200; step += 1) {
      const { accuracy } = await training.step({ step, ...drawBatch(step), learningRate: 0.005 });
      if (step > 150) right += (accuracy ?? NaN) / 50;
    }
    expect(engine.tf.memory().numTensors).toBe(tensors);
    expect(first.loss).toBeGreaterThan(0.7);
    expect(right).toBeGreaterThan(0.9);
    training.dispose();
  });

  const choices = {
    softmax: {},
    arcface: { loss: lossOf({ name: 'arcface', margin: 0.5, scale: 64, easyMargin: false }) },
    cosface: { loss: lossOf({ name: 'cosface', margin: 0.35, scale: 64 }) },
    triplet: { loss: bindLoss(triplet, { margin: 0.3, imagesPerIdentity: 5, poolSize: 30, maxPositiveDistance: 0 }) },
    'a loss with state': { loss: bindLoss(statefulLoss, {}) },
    'a loss that samples rows of its classifier': { loss: bindLoss(sampledLoss, { sampled: 2 }) },
    'softmax and AdamW': { optimizer: adamw },
    'sampled rows and AdamW': { loss: bindLoss(sampledLoss, { sampled: 2 }), optimizer: adamw },
    'averages of the weights': { averageDecay: 0.3 },
    'frozen layers': { frozen: new Set(['conv', 'bn']), averageDecay: 0.3 },
    'values that are computed once more': { recompute: true },
  };

  it.each(Object.entries(choices))(
    'resumes from a checkpoint exactly as if it had not stopped: %s',
    async (_, choice) => {
      const straight = trainer(engine, choice);
      const interrupted = trainer(engine, choice);
      const tensors = engine.tf.memory().numTensors;
      const take = (training: Trainer, step: number): Promise<unknown> =>
        training.step({ step, ...drawBatch(step), learningRate: 0.005 });
      for (let step = 1; step <= 3; step += 1) {
        expect(await take(straight, step)).toEqual(await take(interrupted, step));
      }
      const folder = temporaryFolder();
      await writeCheckpoint(folder, {
        step: 3,
        state: interrupted.state(),
        progress: { curves: [], window: { steps: 0 } },
      });
      interrupted.dispose();
      const resumed = trainer(engine, choice);
      resumed.restore(readCheckpoint(folder)?.state ?? new Map());
      for (let step = 4; step <= 6; step += 1) {
        expect(await take(resumed, step)).toEqual(await take(straight, step));
      }
      expect(await stateOf(resumed)).toEqual(await stateOf(straight));
      resumed.dispose();
      straight.dispose();
      expect(engine.tf.memory().numTensors).toBeLessThan(tensors);
    },
  );

  it('keeps the state of a loss among the arrays of a checkpoint, and shows it as a figure', async () => {
    const training = trainer(engine, { loss: bindLoss(statefulLoss, {}) });
    const figures: StepResult['figures'][] = [];
    for (const step of [1, 2, 3]) {
      figures.push((await training.step({ step, ...drawBatch(step), learningRate: 0.005 })).figures);
    }
    const state = new Map((await stateOf(training)).map(({ name, values }) => [name, values]));
    expect(figures.map(({ mean }) => mean)).toEqual([0, expect.any(Number), expect.any(Number)]);
    expect(state.get('running_mean')?.[0]).not.toBe(0);
    expect(state.get('bias')?.[0]).not.toBe(0);
    // What the loss moves itself has no velocity; what the optimizer moves has.
    expect([state.has('velocity/running_mean'), state.has('velocity/bias')]).toEqual([false, true]);
    training.dispose();
  });

  it('leaves rows that a loss has not sampled, and their velocities, as they are', async () => {
    const training = trainer(engine, { loss: bindLoss(sampledLoss, { sampled: 2 }) });
    const read = async (name: string): Promise<Float32Array | undefined> =>
      (await stateOf(training)).find((array) => array.name === name)?.values;
    const before = (await read('fc7_weight')) ?? new Float32Array();
    const { images } = drawBatch(1);
    await training.step({ step: 1, images, labels: new Int32Array(batch), learningRate: 0.005 });
    const [after, velocity] = [await read('fc7_weight'), await read('velocity/fc7_weight')];
    // Four numbers a row. One of the two other classes is a negative, the other is not sampled.
    const changed = [0, 1, 2].map((row) =>
      [0, 1, 2, 3].some((column) => before[row * 4 + column] !== after?.[row * 4 + column]),
    );
    const moves = [0, 1, 2].map((row) => velocity?.subarray(row * 4, row * 4 + 4).some((value) => value !== 0));
    expect(changed[0]).toBe(true);
    expect(changed.filter((each) => each).length).toBe(2);
    expect(moves).toEqual(changed);
    training.dispose();
  });

  it('embeds as the model that it writes does, moving statistics included', async () => {
    const training = trainer(engine);
    for (let step = 1; step <= 3; step += 1) await training.step({ step, ...drawBatch(step), learningRate: 0.005 });
    const embedder = training.embedder();
    const { images } = drawBatch(9);
    const [both, first] = [await embedder.embed(images, batch), await embedder.embed(images.subarray(0, 192), 1)];
    expect(both.length).toBe(batch * 4);
    expect(Array.from(both.subarray(0, 4))).toEqual(Array.from(first));
    training.dispose();
  });

  it('fails with what to do about it where the loss is no longer a number, and leaks nothing then', async () => {
    const training = trainer(engine);
    await training.step({ step: 1, ...drawBatch(1), learningRate: 1e30 });
    const tensors = engine.tf.memory().numTensors;
    const failing = (): Promise<unknown> => training.step({ step: 2, ...drawBatch(2), learningRate: 1e30 });
    await expect(failing()).rejects.toThrow(FailureError);
    await expect(failing()).rejects.toThrow(
      /^the training has diverged: the loss of step 2 is NaN \(learning rate 1e\+30\); layer "relu" is the first whose output is not finite, its inputs and all parameters are; norms: of the embeddings NaN on average, of the parameters [\d.e+]+, of the arrays of the loss [\d.e+]+$/,
    );
    expect(engine.tf.memory().numTensors).toBe(tensors);
    training.dispose();
  });

  it('says which arrays a step has broken, before they are verified or saved', async () => {
    const training = trainer(engine);
    await training.step({ step: 1, ...drawBatch(1), learningRate: 0.005 });
    await training.requireFinite();
    const origin = { ids: [4, 7], checkpoint: 1 };
    await training.step({ step: 2, ...drawBatch(2), learningRate: Infinity, origin });
    const tensors = engine.tf.memory().numTensors;
    await expect(training.requireFinite()).rejects.toThrow(
      /^the training has diverged: the loss of step 2 is [\d.]+ \(learning rate Infinity\); it has left values that are not finite in \d+ parameters of the network, the nearest to the loss "\w+", and "fc7_weight", "fc7_bias" of the loss; images 4, 7$/,
    );
    expect(engine.tf.memory().numTensors).toBe(tensors);
    training.dispose();
  });

  it('names the images of the step that has broken the network, not of the one that finds it', async () => {
    const training = trainer(engine);
    const batch = (step: number, id: number): Parameters<Trainer['step']>[0] => ({
      ...{ step, ...drawBatch(step), learningRate: step === 1 ? Infinity : 0.1 },
      origin: { ids: [id], checkpoint: 0 },
    });
    await training.step(batch(1, 4));
    await expect(training.step(batch(2, 9))).rejects.toThrow(
      /the loss of step 2 is NaN \(learning rate 0.1\); the update of step 1 has left values that are not finite in \d+ parameters .*; images 4$/,
    );
    training.dispose();
  });

  it('names the layer where an embedding is not finite that is verified', async () => {
    const training = trainer(engine);
    const pixels = drawBatch(1).images;
    const count = drawBatch(1).labels.length;
    // Nothing was done yet: it is no training that diverges.
    await training.failNotFinite(pixels, count);
    await training.step({ step: 1, ...drawBatch(1), learningRate: 1e30, origin: { ids: [3], checkpoint: 0 } });
    await training.requireFinite();
    const tensors = engine.tf.memory().numTensors;
    const rows = await training.resultingEmbedder().embed(pixels, count);
    expect(rows.every((value) => Number.isFinite(value))).toBe(false);
    await expect(training.failNotFinite(pixels, count)).rejects.toThrow(
      /the loss of step 1 is [\d.]+ \(learning rate 1e\+30\); in a verification after it layer "bn" is the first whose output is not finite, its inputs and all parameters are; norms: of the parameters [\d.e+]+, .*; images 3$/,
    );
    expect(engine.tf.memory().numTensors).toBe(tensors);
    training.dispose();
  });

  it('takes a loss above a million for lost, and says that everything is finite', async () => {
    const far: TrainerOptions['loss'] = {
      ...lossOf({ name: 'softmax' }),
      async compute(call) {
        const result = await lossOf({ name: 'softmax' }).compute(call);
        return { ...result, value: engine.tf.mul(result.value, 1e7) };
      },
    };
    const training = trainer(engine, { loss: far });
    await expect(training.step({ step: 1, ...drawBatch(1), learningRate: 0.005 })).rejects.toThrow(
      /is \d{7,}(\.\d+)?, above 1000000 \(learning rate 0.005\); all that the network computes is finite; norms: /,
    );
    training.dispose();
  });

  it('refuses labels beyond the number of identities', async () => {
    const training = trainer(engine);
    const labels = Int32Array.of(0, 1, 2, 3, 0, 1);
    const failing = training.step({ step: 1, images: drawBatch(1).images, labels, learningRate: 0.1 });
    await expect(failing).rejects.toThrow('the data set has the label 3, but 3 identities: labels must be 0 to 2');
    training.dispose();
  });

  it('averages the gradients of the parts of a step: two of three images are one of six', async () => {
    const shaped = plainNetwork();
    const [whole, parted] = [trainer(engine, { shaped }), trainer(engine, { shaped })];
    for (let step = 1; step <= 3; step += 1) {
      const { images, labels } = drawBatch(step);
      await whole.step({ step, images, labels, learningRate: 0.1 });
      const half = images.length / 2;
      for (const index of [0, 1]) {
        const own = {
          images: images.subarray(index * half, (index + 1) * half),
          labels: labels.subarray(3 * index, 3 * index + 3),
        };
        await parted.step({ step, ...own, learningRate: 0.1, part: { index, count: 2 } });
      }
    }
    const [expected, found] = [await stateOf(whole), await stateOf(parted)];
    for (const [index, { name, values }] of expected.entries()) {
      expect(found[index]?.name).toBe(name);
      for (const [at, value] of values.entries()) expect(found[index]?.values[at]).toBeCloseTo(value, 5);
    }
    whole.dispose();
    parted.dispose();
  });

  it('limits the gradient of the network to a norm, and leaves that of the loss as it is', async () => {
    const shaped = plainNetwork();
    const optimizer = { learningRate: 1, momentum: 0, weightDecay: 0 };
    const norms: number[][] = [];
    for (const clipGradient of [undefined, 0.01]) {
      const training = trainer(engine, { shaped, optimizer, ...(clipGradient === undefined ? {} : { clipGradient }) });
      const before = await stateOf(training);
      await training.step({ step: 1, ...drawBatch(1), learningRate: 1 });
      const after = await stateOf(training);
      const changes = before.map(({ name, values }, index) => ({
        ofLoss: name.startsWith('fc7'),
        squares: values.reduce((sum, value, at) => sum + (value - (after[index]?.values[at] ?? NaN)) ** 2, 0),
      }));
      const norm = (ofLoss: boolean): number =>
        Math.sqrt(changes.filter((change) => change.ofLoss === ofLoss).reduce((sum, { squares }) => sum + squares, 0));
      norms.push([norm(false), norm(true)]);
      training.dispose();
    }
    const [free = [], limited = []] = norms;
    expect(free[0]).toBeGreaterThan(0.02);
    expect(limited[0]).toBeCloseTo(0.01, 5);
    expect(limited[1]).toBeCloseTo(free[1] ?? NaN, 5);
  });

  it('leaks nothing where gradients are kept until the last part, and resumes between steps', async () => {
    const training = trainer(engine, { clipGradient: 5 });
    const step = async (number: number): Promise<void> => {
      for (const index of [0, 1]) {
        await training.step({
          step: number,
          ...drawBatch(2 * number + index),
          learningRate: 0.005,
          part: { index, count: 2 },
        });
      }
    };
    await step(1);
    const tensors = engine.tf.memory().numTensors;
    await step(2);
    expect(engine.tf.memory().numTensors).toBe(tensors);
    training.dispose();
  });

  it('keeps moving averages of the weights and of moving statistics, and hands out those', async () => {
    const training = trainer(engine, { averageDecay: 0.35 });
    const named = async (): Promise<Map<string, Float32Array>> =>
      new Map((await stateOf(training)).map(({ name, values }) => [name, values]));
    const expected = new Map([...(await named())].filter(([name]) => !name.startsWith('average/')));
    for (const step of [1, 2, 3]) {
      await training.step({ step, ...drawBatch(step), learningRate: 0.05 });
      const decay = Math.min(0.35, (1 + step) / (10 + step));
      for (const [name, values] of await named()) {
        const average = expected.get(name);
        if (average === undefined) continue;
        expected.set(
          name,
          average.map((value, at) => decay * value + (1 - decay) * (values[at] ?? NaN)),
        );
      }
    }
    const state = await named();
    const kept = await training.parameters();
    expect(kept.map(({ name }) => name)).toContain('bn_moving_var');
    for (const { name, values } of kept) {
      for (const [at, value] of values.entries()) expect(value).toBeCloseTo(expected.get(name)?.[at] ?? NaN, 5);
      expect(state.get(`average/${name}`)).toEqual(values);
      expect(values).not.toEqual(state.get(name));
    }
    const { images } = drawBatch(9);
    const [averaged, trained] = [training.resultingEmbedder(), training.embedder()];
    expect(await averaged.embed(images, batch)).not.toEqual(await trained.embed(images, batch));
    training.dispose();
  });

  it('leaves frozen layers as they are: no step, no decay, no velocity, no statistics', async () => {
    const frozen = new Set(['bn', 'relu', 'drop']);
    const training = trainer(engine, { frozen, optimizer: { learningRate: 0.1, momentum: 0.9, weightDecay: 0.1 } });
    const before = new Map((await stateOf(training)).map(({ name, values }) => [name, values]));
    for (const step of [1, 2]) await training.step({ step, ...drawBatch(step), learningRate: 0.1 });
    const after = new Map((await stateOf(training)).map(({ name, values }) => [name, values]));
    const same = [...before].filter(([name, values]) => Buffer.from(values.buffer).equals(bytesOf(after.get(name))));
    expect(same.map(([name]) => name)).toEqual([
      'bn_gamma',
      'bn_beta',
      'bn_moving_mean',
      'bn_moving_var',
      'relu_gamma',
    ]);
    const velocities = [...after.keys()].filter((name) => name.startsWith('velocity/'));
    expect(velocities).toEqual([
      'velocity/conv_weight',
      'velocity/fc_weight',
      'velocity/fc_bias',
      'velocity/fc7_weight',
      'velocity/fc7_bias',
    ]);
    training.dispose();
  });

  it('sends the gradient through a frozen normalisation as through the scale and shift that it is', async () => {
    const rate = 1e-3;
    const optimizer = { learningRate: rate, momentum: 0, weightDecay: 0 };
    // Along one direction in the space of all weights of the convolution before it.
    const directions = Array.from({ length: 108 }, (_, at) => ((at * 7) % 5) - 2);
    const slopes: number[] = [];
    const lossAt = async (change: number): Promise<number> => {
      const training = trainer(engine, { frozen: new Set(['bn', 'drop']), optimizer });
      const state = new Map((await stateOf(training)).map((array) => [array.name, array]));
      state.get('bn_moving_var')?.values.set([0.4, 0.3, 0.2, 0.1]);
      state.get('bn_gamma')?.values.set([0.5, -2, 3, 1]);
      const weights = state.get('conv_weight')?.values ?? new Float32Array();
      for (const [at, direction] of directions.entries()) weights[at] = (weights[at] ?? NaN) + change * direction;
      training.restore(state);
      const { loss } = await training.step({ step: 1, ...drawBatch(1), learningRate: rate });
      const next = (await stateOf(training)).find(({ name }) => name === 'conv_weight')?.values;
      const steps = directions.map(
        (direction, at) => (direction * ((weights[at] ?? NaN) - (next?.[at] ?? NaN))) / rate,
      );
      slopes.push(steps.reduce((sum, step) => sum + step, 0));
      training.dispose();
      return loss;
    };
    const difference = 2e-3;
    const [low, high] = [await lossAt(-difference), await lossAt(difference)];
    await lossAt(0);
    const slope = (high - low) / (2 * difference);
    expect(Math.abs(slope)).toBeGreaterThan(0.1);
    expect((slopes[2] ?? NaN) / slope).toBeCloseTo(1, 1);
  });

  it('trains the classifier alone where the whole network is frozen, also with a limited gradient', async () => {
    const shaped = tinyNetwork();
    const frozen = new Set(shaped.graph.layers.map(({ name }) => name));
    const training = trainer(engine, { shaped, frozen, clipGradient: 1 });
    const tensors = engine.tf.memory().numTensors;
    const before = await training.parameters();
    await training.step({ step: 1, ...drawBatch(1), learningRate: 0.1 });
    expect(await training.parameters()).toEqual(before);
    const velocities = (await stateOf(training)).map(({ name }) => name).filter((name) => name.startsWith('velocity/'));
    expect(velocities).toEqual(['velocity/fc7_weight', 'velocity/fc7_bias']);
    // Two velocities, and the rate.
    expect(engine.tf.memory().numTensors).toBe(tensors + 3);
    training.dispose();
  });
});
