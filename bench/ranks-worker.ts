import { parseArgs } from 'node:util';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../src/kit/net/backends/load-backend.ts';
import { backboneOf, buildNetwork, chooseNetwork } from '../src/kit/net/backbones/index.ts';
import { inferShapes } from '../src/kit/net/graph/infer-shapes.ts';
import { lossOf } from '../src/kit/net/losses/index.ts';
import { ruleOf } from '../src/kit/net/optimizers/index.ts';
import { alone } from '../src/kit/net/ranks/communicator.ts';
import { joinRanks } from '../src/kit/net/ranks/mpi-communicator.ts';
import { Trainer } from '../src/kit/net/training/trainer.ts';

/** One rank of bench/ranks.ts and bench/large-classifier.ts, or the one process that ranks are compared with; rank 0 prints a line of JSON. */
const { values } = parseArgs({
  options: {
    library: { type: 'string' },
    network: { type: 'string', default: 'y1' },
    loss: { type: 'string', default: 'arcface' },
    embedding: { type: 'string', default: '128' },
    classes: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '1' },
    /** Of all ranks together. */
    batch: { type: 'string', default: '32' },
    warmup: { type: 'string', default: '2' },
    steps: { type: 'string', default: '8' },
    threads: { type: 'string', default: '1' },
    synchronized: { type: 'boolean', default: false },
  },
});
const [batch, classes, steps, warmup] = [values.batch, values.classes, values.steps, values.warmup].map(Number) as [
  number,
  number,
  number,
  number,
];
const side = 112;
const ranks = values.library === undefined ? alone : joinRanks(values.library);
const backend = await loadBackend(trainingEngine().identity, { threads: Number(values.threads) });
const network = chooseNetwork(values.network as 'y1', { embeddingSize: Number(values.embedding) });
const loss =
  values.loss === 'softmax'
    ? lossOf({ name: 'softmax' })
    : lossOf({ name: 'arcface', margin: 0.5, scale: 64, easyMargin: false });
const trainer = new Trainer({
  backend,
  shaped: inferShapes(buildNetwork(network, { height: side, width: side })),
  weights: backboneOf(network).weights,
  classes,
  loss,
  optimizer: ruleOf({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 }),
  seed: 1,
  ranks,
  classRate: Number(values.rate),
  normalizesShares: !values.synchronized,
});
const share = batch / ranks.size;
const images = Uint8Array.from(
  { length: share * side * side * 3 },
  (_, index) => ((index + ranks.rank * 31) * 7919) % 256,
);
const labels = Int32Array.from({ length: share }, (_, index) => ((ranks.rank * share + index) * 37) % classes);
const seconds: number[] = [];
const losses: number[] = [];
// A step that is executed as a graph is another one: those before it is recorded, and that one, are not measured.
const before = warmup === 0 || backend.recorder === undefined ? warmup : backend.recorder.after + 3;
for (let step = 1; step <= before + steps; step += 1) {
  ranks.barrier();
  const start = performance.now();
  const result = await trainer.step({ step, images, labels, learningRate: 0.01 });
  seconds.push((performance.now() - start) / 1000);
  losses.push(result.loss);
}
const peaks = ranks.gather(Float32Array.of(process.resourceUsage().maxRSS * 1024));
if (ranks.rank === 0) {
  const measured = seconds.slice(before);
  console.log(JSON.stringify({ peakMemoryBytes: [...peaks], seconds: measured, losses: losses.slice(before) }));
}
ranks.close();
process.exit(0);
