import { FailureError } from '../../core/failure.ts';
import { Random } from '../../core/random.ts';
import type { Backend } from '../../kit/net/backends/backend.ts';
import { loadBackend } from '../../kit/net/backends/load-backend.ts';
import { backboneOf, buildNetwork, chooseNetwork } from '../../kit/net/backbones/index.ts';
import { parseEngineOverride, trainingEngine } from '../../kit/net/engines/choose-engine.ts';
import { GraphBuilder } from '../../kit/net/graph/graph-builder.ts';
import type { Graph } from '../../kit/net/graph/graph.ts';
import { inferShapes } from '../../kit/net/graph/infer-shapes.ts';
import { lossOf } from '../../kit/net/losses/index.ts';
import type { WeightInitializer } from '../../kit/net/model/initialize.ts';
import { ruleOf } from '../../kit/net/optimizers/index.ts';
import { Trainer } from '../../kit/net/training/trainer.ts';

/*
 * The process that proves one engine for `flow doctor --gpu`: a process loads one tensor library only, and a driver that
 * breaks must not end the command. Its argument is a ProofRequest, its last line of output a ProofResult.
 */

export interface ProofRequest {
  /** What FLOW_ENGINE could hold. */
  readonly engine: string;
  readonly threads: number;
  /** Networks to measure, each with its batch. */
  readonly speeds: readonly { readonly network: 'y1' | 'r50'; readonly batch: number }[];
}

export interface MeasuredSpeed {
  readonly network: string;
  readonly batch: number;
  /** Median of the steps after the first ones. */
  readonly imagesPerSecond: number;
  readonly firstStepSeconds: number;
  /** Bytes of tensors that are alive after a step, without those that only a step needs. */
  readonly tensorBytes: number;
}

export type ProofResult =
  | { readonly outcome: 'refused'; readonly reason: string }
  | {
      readonly outcome: 'proved';
      readonly engine: string;
      readonly device: string;
      readonly loadSeconds: number;
      /** Loss of each of twenty steps of a small network. */
      readonly losses: readonly number[];
      /** Median of those steps. */
      readonly secondsPerStep: number;
      /** Empty where the small network shows that large ones would take too long. */
      readonly speeds: readonly MeasuredSpeed[];
    };

const classes = 5;
const curveSteps = 20;
const warmupSteps = 3;
const measuredSteps = 10;

/** Seconds that a step of the small network may take where networks a thousand times as large are to be measured. */
const slowStep = 0.1;

const side = 24;

/** One of each kind of layer that most networks are made of. */
function smallNetwork(): Graph {
  const builder = new GraphBuilder();
  const convolution = { filters: 16, kernel: [3, 3], pad: [1, 1], bias: false } as const;
  const norm = { epsilon: 1e-3, momentum: 0.9, fixGamma: false } as const;
  let value = builder.add('multiply-scalar', 'scaled', builder.data, { scalar: 1 / 128 });
  value = builder.add('convolution', 'conv', value, { ...convolution, stride: [2, 2], groups: 1 });
  value = builder.add('batch-normalization', 'norm', value, norm);
  value = builder.add('prelu', 'relu', value);
  const shortcut = value;
  value = builder.add('convolution', 'depthwise', value, { ...convolution, stride: [1, 1], groups: 16 });
  value = builder.add('batch-normalization', 'depthwise_norm', value, norm);
  value = builder.add('add', 'sum', [value, shortcut]);
  value = builder.add('fully-connected', 'pre_fc1', value, { units: 16, bias: true });
  value = builder.add('batch-normalization', 'fc1', value, { ...norm, fixGamma: true });
  return builder.build({ channels: 3, height: side, width: side }, value);
}

/** Noise that is brighter in a place that depends on the label. */
function drawBatch(batch: number, size: number, step: number): { images: Uint8Array; labels: Int32Array } {
  const random = new Random(step);
  const labels = Int32Array.from({ length: batch }, () => random.integer(classes));
  const values = size * size * 3;
  const images = Uint8Array.from({ length: batch * values }, (_, index) => {
    const label = labels[Math.floor(index / values)] ?? 0;
    return random.integer(160) + (index % classes === label ? 60 : 0);
  });
  return { images, labels };
}

interface Trained {
  readonly backend: Backend;
  readonly graph: Graph;
  readonly weights: WeightInitializer;
}

function trainerFor({ backend, graph, weights }: Trained): Trainer {
  return new Trainer({
    backend,
    shaped: inferShapes(graph),
    weights,
    classes,
    loss: lossOf({ name: 'softmax' }),
    optimizer: ruleOf({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 }),
    seed: 1,
  });
}

interface Curve {
  readonly losses: readonly number[];
  readonly secondsPerStep: number;
}

async function curve(backend: Backend): Promise<Curve> {
  const trainer = trainerFor({ backend, graph: smallNetwork(), weights: { distribution: 'gaussian', fan: 'out' } });
  const losses: number[] = [];
  const seconds: number[] = [];
  for (let step = 1; step <= curveSteps; step += 1) {
    const start = performance.now();
    const { loss } = await trainer.step({ step, ...drawBatch(32, side, step), learningRate: 0.01 });
    losses.push(loss);
    seconds.push((performance.now() - start) / 1000);
  }
  trainer.dispose();
  return { losses, secondsPerStep: medianOf(seconds) };
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function speedOf(backend: Backend, { network, batch }: ProofRequest['speeds'][number]): Promise<MeasuredSpeed> {
  const choice = chooseNetwork(network, { embeddingSize: 512 });
  const graph = buildNetwork(choice, { height: 112, width: 112 });
  const trainer = trainerFor({ backend, graph, weights: backboneOf(choice).weights });
  const drawn = drawBatch(batch, 112, 1);
  const seconds: number[] = [];
  try {
    for (let step = 1; step <= warmupSteps + measuredSteps; step += 1) {
      const start = performance.now();
      await trainer.step({ step, ...drawn, learningRate: 0.001 });
      seconds.push((performance.now() - start) / 1000);
    }
    const [firstStepSeconds = NaN] = seconds;
    const imagesPerSecond = batch / medianOf(seconds.slice(warmupSteps));
    return { network, batch, imagesPerSecond, firstStepSeconds, tensorBytes: backend.tf.memory().numBytes };
  } finally {
    trainer.dispose();
  }
}

async function prove({ engine, threads, speeds }: ProofRequest): Promise<ProofResult> {
  try {
    const start = performance.now();
    const { identity } = trainingEngine(parseEngineOverride(engine));
    const backend = await loadBackend(identity, { threads });
    const loadSeconds = (performance.now() - start) / 1000;
    const { losses, secondsPerStep } = await curve(backend);
    const measured: MeasuredSpeed[] = [];
    if (secondsPerStep <= slowStep) for (const speed of speeds) measured.push(await speedOf(backend, speed));
    const device = backend.deviceName ?? backend.device;
    const name = `${identity.name} ${identity.version}`;
    return { outcome: 'proved', engine: name, device, loadSeconds, losses, secondsPerStep, speeds: measured };
  } catch (error) {
    if (error instanceof FailureError) return { outcome: 'refused', reason: error.message };
    throw error;
  }
}

const [, , request = '{}'] = process.argv;
console.log(JSON.stringify(await prove(JSON.parse(request) as ProofRequest)));
// Threads of the libraries must not keep it from ending.
process.exit(0);
