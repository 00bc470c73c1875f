import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Random } from '../src/core/random.ts';
import { backboneOf, buildNetwork, chooseNetwork } from '../src/kit/net/backbones/index.ts';
import { loadBackend } from '../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { inferShapes } from '../src/kit/net/graph/infer-shapes.ts';
import { lossOf } from '../src/kit/net/losses/index.ts';
import type { NamedArray } from '../src/kit/net/model/model.ts';
import { ruleOf } from '../src/kit/net/optimizers/index.ts';
import { alone } from '../src/kit/net/ranks/communicator.ts';
import { joinRanks } from '../src/kit/net/ranks/mpi-communicator.ts';
import { Trainer } from '../src/kit/net/training/trainer.ts';

/**
 * One rank of bench/ranks-curves.ts, or the one process: trains y1 on the images of a file. Rank 0 prints a line of JSON, the losses, and writes the
 * parameters after `measured` steps.
 */
const { values } = parseArgs({
  options: {
    library: { type: 'string' },
    threads: { type: 'string', default: '1' },
    /** RGB, 112 x 112 each, those of an identity in a row. */
    images: { type: 'string', default: '' },
    perIdentity: { type: 'string', default: '8' },
    loss: { type: 'string', default: 'arcface' },
    whole: { type: 'boolean', default: false },
    /** Parameters to start from, of a call before. */
    start: { type: 'string', default: '' },
    parameters: { type: 'string', default: '' },
    measured: { type: 'string', default: '20' },
    steps: { type: 'string', default: '20' },
    batch: { type: 'string', default: '16' },
    rate: { type: 'string', default: '0.01' },
  },
});
const [side, seed] = [112, 1];
const [batch, steps, measured, perIdentity] = [values.batch, values.steps, values.measured, values.perIdentity].map(
  Number,
) as [number, number, number, number];
const learningRate = Number(values.rate);
const ranks = values.library === undefined ? alone : joinRanks(values.library);
const backend = await loadBackend(trainingEngine().identity, { threads: Number(values.threads) });
const network = chooseNetwork('y1', { embeddingSize: 128 });
const shaped = inferShapes(buildNetwork(network, { height: side, width: side }));
const pixels = readFileSync(values.images);
const bytes = side * side * 3;
const count = pixels.length / bytes;

function startOf(path: string): ReadonlyMap<string, NamedArray> {
  if (!existsSync(path)) return new Map();
  const all = new Float32Array(new Uint8Array(readFileSync(path)).buffer);
  let at = 0;
  return new Map(
    shaped.parameters.map(({ name, shape }) => {
      const size = shape.reduce((product, each) => product * each, 1);
      at += size;
      return [name, { name, shape, values: all.slice(at - size, at) }] as const;
    }),
  );
}

const trainer = new Trainer({
  ...{ backend, shaped, weights: backboneOf(network).weights, classes: count / perIdentity, seed, ranks },
  loss: lossOf(
    values.loss === 'softmax' ? { name: 'softmax' } : { name: 'arcface', margin: 0.5, scale: 64, easyMargin: false },
  ),
  optimizer: ruleOf({ learningRate, momentum: 0.9, weightDecay: 5e-4 }),
  sharesClasses: !values.whole,
  start: startOf(values.start),
});
const losses: number[] = [];
for (let step = 1; step <= steps; step += 1) {
  const random = Random.derive(seed, `batch ${step}`);
  const drawn = Array.from({ length: batch }, () => random.integer(count));
  const share = batch / ranks.size;
  const own = drawn.slice(ranks.rank * share, (ranks.rank + 1) * share);
  const images = Buffer.concat(own.map((index) => pixels.subarray(index * bytes, (index + 1) * bytes)));
  const labels = Int32Array.from(own, (index) => Math.floor(index / perIdentity));
  const { loss } = await trainer.step({ step, images, labels, learningRate });
  losses.push(loss);
  if (step === measured && ranks.rank === 0 && values.parameters !== '') {
    const arrays = await trainer.parameters();
    writeFileSync(values.parameters, Buffer.concat(arrays.map((array) => new Uint8Array(array.values.slice().buffer))));
  }
}
if (ranks.rank === 0) {
  const moving = shaped.parameters.map(({ role, shape }) => ({
    isMoving: role === 'auxiliary',
    size: shape.reduce((product, each) => product * each, 1),
  }));
  console.log(JSON.stringify({ losses, moving }));
}
ranks.close();
process.exit(0);
