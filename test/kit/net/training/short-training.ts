import { Random } from '../../../../src/core/random.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { type LossChoice, lossOf } from '../../../../src/kit/net/losses/index.ts';
import { type OptimizerChoice, ruleOf } from '../../../../src/kit/net/optimizers/index.ts';
import { Trainer, type TrainerOptions } from '../../../../src/kit/net/training/trainer.ts';
import type { StepResult } from '../../../../src/kit/net/training/training-step.ts';
import type { SmallFamily } from '../backends/small-families.ts';

const classes = 5;
const batch = 6;
const sgd: OptimizerChoice = { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 };
const arcface: LossChoice = { name: 'arcface', margin: 0.5, scale: 64, easyMargin: false };

/** What is trained with, and how far. */
export interface Course {
  readonly options?: Partial<Omit<TrainerOptions, 'loss' | 'optimizer'>>;
  readonly loss?: LossChoice;
  readonly optimizer?: OptimizerChoice;
  /** Batches of a step. */
  readonly parts?: number;
  readonly steps?: number;
  /** Of the first step; the others' fall with their number. */
  readonly learningRate?: number;
}

export interface Trained {
  readonly results: readonly StepResult[];
  readonly state: ReadonlyMap<string, Buffer>;
}

/**
 * Losses and norms of every step, and all that a checkpoint holds at the end. Kernel by kernel in the first steps, each with
 * images, rates and dropout of its own.
 */
export async function train(backend: Backend, { graph, weights }: SmallFamily, course: Course): Promise<Trained> {
  const { options, loss = arcface, optimizer = sgd, parts = 1, steps = 6, learningRate = 0.01 } = course;
  const shaped = inferShapes(graph);
  const bound = { loss: lossOf(loss), optimizer: ruleOf(optimizer) };
  const trainer = new Trainer({ backend, shaped, weights, classes, ...bound, seed: 3, ...options });
  const random = new Random(5);
  const { height, width, channels } = graph.input;
  const results: StepResult[] = [];
  for (let step = 1; step <= steps; step += 1) {
    for (let index = 0; index < parts; index += 1) {
      const images = Uint8Array.from({ length: batch * height * width * channels }, () => random.integer(256));
      const labels = Int32Array.from({ length: batch }, () => random.integer(classes));
      const part = { index, count: parts };
      const measure = step % 2 === 0;
      results.push(await trainer.step({ step, images, labels, learningRate: learningRate / step, part, measure }));
    }
  }
  const state = new Map<string, Buffer>();
  for await (const { name, values } of trainer.state()) state.set(name, Buffer.from(values.slice().buffer));
  trainer.dispose();
  return { results, state };
}

/** The values of an array in a {@link Trained.state}; none where there is no such array. */
export function floatsOf(bytes: Buffer | undefined): Float32Array {
  return new Float32Array(Uint8Array.from(bytes ?? []).buffer);
}
