import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEngineOverride, trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { precisions } from '../src/kit/net/engines/precision.ts';
import { loadBackend } from '../src/kit/net/backends/load-backend.ts';
import { backboneOf, buildNetwork, chooseNetwork, type NetworkChoice } from '../src/kit/net/backbones/index.ts';
import { inferShapes } from '../src/kit/net/graph/infer-shapes.ts';
import { lossOf } from '../src/kit/net/losses/index.ts';
import { ruleOf } from '../src/kit/net/optimizers/index.ts';
import { writeCheckpoint } from '../src/kit/net/training/checkpoint.ts';
import { Trainer } from '../src/kit/net/training/trainer.ts';

/**
 * Our side of bench/training-step.ts, in a process of its own for the sake of its peak memory:
 * `node dist/bench/training-step-worker.js y1 32 10 2 tensorflow bfloat16`, or `xla` in its place, trains ten steps with two threads and then
 * writes a checkpoint, and prints a line of JSON.
 */
const [name, batchText, stepsText, threadsText, engineName, arithmetic = 'float32'] = process.argv.slice(2);
const [batch, steps, threads] = [Number(batchText), Number(stepsText), Number(threadsText)];
const classes = 1000;
const side = 112;

const choices: Readonly<Record<string, NetworkChoice>> = {
  y1: chooseNetwork('y1', { embeddingSize: 128 }),
  r50: chooseNetwork('r50', { embeddingSize: 128 }),
  r100: chooseNetwork('r100', { embeddingSize: 128 }),
};
const network = choices[name ?? ''];
if (network === undefined) throw new Error(`no network ${name ?? ''}`);

if (arithmetic !== 'xla' && !precisions.some((each) => each === arithmetic))
  throw new Error(`no precision ${arithmetic}`);

const engine = await loadBackend(trainingEngine(parseEngineOverride(engineName)).identity, {
  threads,
  precision: precisions.find((each) => each === arithmetic),
  xla: arithmetic === 'xla',
  // The sooner, the shorter the bench; what is measured is the recorded step.
  recordAfter: 2,
});
const trainer = new Trainer({
  backend: engine,
  shaped: inferShapes(buildNetwork(network, { height: side, width: side })),
  weights: backboneOf(network).weights,
  classes,
  loss: lossOf({ name: 'softmax' }),
  optimizer: ruleOf({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 }),
  seed: 1,
});
const images = Uint8Array.from({ length: batch * side * side * 3 }, (_, index) => (index * 7919) % 256);
const labels = Int32Array.from({ length: batch }, (_, index) => (index * 37) % classes);
// A step that is executed as a graph is another one: two steps until all its tensors are there, those before it is recorded, and that one.
const warmup = engine.recorder === undefined ? 2 : engine.recorder.after + 3;
const seconds: number[] = [];
for (let step = 1; step <= warmup + steps; step += 1) {
  const start = performance.now();
  await trainer.step({ step, images, labels, learningRate: 0.01 });
  seconds.push((performance.now() - start) / 1000);
}
const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
const saving = performance.now();
await writeCheckpoint(folder, {
  step: warmup + steps,
  state: trainer.state(),
  progress: { curves: [], window: { steps: 0 } },
});
const checkpointSeconds = (performance.now() - saving) / 1000;
rmSync(folder, { recursive: true });
const measured = seconds.slice(warmup).sort((a, b) => a - b);
console.log(
  JSON.stringify({
    imagesPerSecond: batch / (measured[Math.floor(steps / 2)] ?? NaN),
    fastest: batch / (measured[0] ?? NaN),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    version: `${engine.identity.name} ${engine.identity.version}`,
    threads: engine.threads,
    checkpointSeconds,
  }),
);
