import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { Random } from '../src/core/random.ts';
import type { Json } from '../src/core/digest.ts';
import { loadBackend } from '../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { type LossChoice, type LossName, lossOf, losses } from '../src/kit/net/losses/index.ts';
import type { BoundLoss } from '../src/kit/net/losses/loss.ts';

/**
 * What a loss costs beside the matrix products that it cannot do without (embeddings with the classifier, and the two
 * of its gradients), in turns on the same cores: value and gradients of a batch, without the optimizer's step.
 * `npm run --silent build && node dist/bench/losses.js --loss arcface`
 */
const { values } = parseArgs({
  options: {
    loss: { type: 'string', multiple: true, default: Object.keys(losses) },
    option: { type: 'string', multiple: true, default: [] },
    classes: { type: 'string', default: '85742' },
    batch: { type: 'string', default: '128' },
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '2' },
  },
});
const embeddingSize = 512;
const [classes, batch, rounds] = [Number(values.classes), Number(values.batch), Number(values.rounds)];

const backend = await loadBackend(trainingEngine().identity, { threads: Number(values.threads) });
const { tf } = backend;
const random = new Random(1);
const drawn = (shape: readonly number[]): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor(
    Float32Array.from({ length: count }, () => random.uniform(-1, 1)),
    [...shape],
  );
};

/** The options of a loss as an experiment has them that names none but those of the command line. */
function optionsOf(schemas: object): Record<string, Json> {
  const defaults = Object.entries<Readonly<Record<string, Json>>>({ ...schemas }).flatMap(
    ([name, { default: value }]) => (value === undefined ? [] : [[name, value] as const]),
  );
  const given = values.option.flatMap((text) => {
    const [name = '', value = ''] = text.split('=');
    return name in schemas ? [[name, JSON.parse(value) as Json] as const] : [];
  });
  return Object.fromEntries([...defaults, ...given]);
}

const isLoss = (name: string): name is LossName => name in losses;

function bound(name: string): BoundLoss {
  if (!isLoss(name)) throw new Error(`no loss ${name}`);
  return lossOf({ name, ...optionsOf(losses[name].options) } as LossChoice);
}

interface Cost {
  readonly seconds: number;
  /** Of all threads: on a machine that is shared, less noisy than the time that passes. */
  readonly cpuSeconds: number;
}

async function costOf(compute: () => object | Promise<object>): Promise<Cost> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  for (const tensor of tensorsOf(await compute())) {
    if (tensor.size < 1000) await tensor.data();
    tensor.dispose();
  }
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

const isTensor = (value: unknown): value is Tensor => value instanceof tf.Tensor;

function tensorsOf(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  return typeof value === 'object' && value !== null ? Object.values<unknown>({ ...value }).flatMap(tensorsOf) : [];
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

const model = cpus()[0]?.model ?? 'unknown';
console.log(
  `${model}, ${values.threads} threads, ${backend.identity.name} ${backend.identity.version}: ` +
    `${classes} classes, batch ${batch}, embeddings of ${embeddingSize}, median of ${rounds} rounds in turns`,
);
const embeddings = drawn([batch, embeddingSize]) as Tensor2D;
const labels = tf.tensor1d(
  Int32Array.from({ length: batch }, (_, index) => Math.floor(index / 2) % classes),
  'int32',
);

for (const name of values.loss) {
  const loss = bound(name);
  const arrays: Record<string, Tensor> = {};
  for (const { name: array, shape, initial } of loss.arrays({ classes, embeddingSize })) {
    arrays[array] = initial === 'xavier' ? drawn(shape) : tf.fill([...shape], initial);
  }
  const weight = arrays['fc7_weight'] as Tensor2D | undefined;
  // The others compare the images of a batch with each other, at any number of classes.
  if (weight !== undefined) report(name, await measure(loss, arrays, weight));
  for (const tensor of Object.values(arrays)) tensor.dispose();
}

interface Pair {
  readonly alone: Cost;
  readonly whole: Cost;
}

async function measure(loss: BoundLoss, arrays: Readonly<Record<string, Tensor>>, weight: Tensor2D): Promise<Pair[]> {
  const logits = drawn([batch, weight.shape[0]]) as Tensor2D;
  const products = (): object => ({
    forward: tf.matMul(embeddings, weight, false, true),
    toEmbeddings: tf.matMul(logits, weight),
    toWeight: tf.matMul(logits, embeddings, true, false),
  });
  const step = (): Promise<object> =>
    loss.compute({ backend, embeddings, labels, classes, arrays, step: 1, random: new Random(1) });
  for (const warmup of [products, step]) await costOf(warmup);
  const pairs: Pair[] = [];
  while (pairs.length < rounds) pairs.push({ alone: await costOf(products), whole: await costOf(step) });
  logits.dispose();
  return pairs;
}

function report(name: string, pairs: readonly Pair[]): void {
  const ratio = (of: keyof Cost): string => median(pairs.map(({ alone, whole }) => whole[of] / alone[of])).toFixed(2);
  const ms = (side: keyof Pair, of: keyof Cost): string =>
    (median(pairs.map((pair) => pair[side][of])) * 1000).toFixed(0).padStart(5);
  console.log(
    `${name.padEnd(20)} ${ms('whole', 'seconds')} ms of ${ms('alone', 'seconds')} in matrix products, ratio ${ratio('seconds')}; ` +
      `processor ${ms('whole', 'cpuSeconds')} ms of ${ms('alone', 'cpuSeconds')}, ratio ${ratio('cpuSeconds')}`,
  );
}
