import type { Tensor } from '@tensorflow/tfjs-core';
import type { Backend, TensorLibrary } from '../backends/backend.ts';
import type { GraphExecutor } from '../backends/graph-executor.ts';
import { GivenTensors } from '../backends/replays.ts';
import type { TrainingPass } from '../backends/training-pass.ts';
import { type ArrayTensors, type Gradient, type LossResult, wholeGradient } from '../losses/loss.ts';
import { type BoundRule, Optimizer, type UpdateTime, type WeightUpdate } from '../optimizers/optimizer.ts';
import { GradientNorm, GradientSums } from './gradient-sums.ts';
import type { Communicator } from '../ranks/communicator.ts';
import { GradientExchange } from './gradient-exchange.ts';
import type { LossTensors } from './loss-tensors.ts';
import type { StepPart } from './training-step.ts';

interface UpdateCall extends UpdateTime {
  /** Whether the norm of the gradient is asked for. */
  readonly measure: boolean;
  readonly part: StepPart;
}

/** How a step changes parameters and arrays of the loss: backward pass, sums over its parts, limit, rule. */
export class ParameterUpdates {
  readonly #tf: TensorLibrary;
  readonly #executor: GraphExecutor;
  readonly #lossTensors: LossTensors;
  readonly #clipGradient: number | undefined;
  readonly #sums: { readonly network: GradientSums; readonly loss: GradientSums };
  /** Absent where no other process has a share of the batch. */
  readonly #exchange: GradientExchange | undefined;
  /** Its buffers are part of a training's state. */
  readonly optimizer: Optimizer;

  constructor(options: {
    readonly backend: Backend;
    readonly executor: GraphExecutor;
    readonly lossTensors: LossTensors;
    readonly rule: BoundRule;
    readonly clipGradient?: number | undefined;
    readonly ranks: Communicator;
  }) {
    const { backend, executor, lossTensors, rule, clipGradient, ranks } = options;
    const { tf } = backend;
    this.#exchange = ranks.size === 1 ? undefined : new GradientExchange(tf, ranks);
    this.#tf = tf;
    this.#executor = executor;
    this.#lossTensors = lossTensors;
    this.#clipGradient = clipGradient;
    this.#sums = { network: new GradientSums(tf), loss: new GradientSums(tf) };
    this.optimizer = new Optimizer(backend, rule);
  }

  /**
   * Takes the gradients of one part of a step; the last one changes the parameters. Returns the norm of the network's
   * gradient, before it is limited, where it is asked for or limited and this was the last part.
   */
  apply(pass: TrainingPass, result: LossResult, call: UpdateCall): Promise<number | undefined> {
    const isAtOnce = call.part.count === 1 && this.#clipGradient === undefined && this.#exchange === undefined;
    return isAtOnce ? this.#atOnce(pass, result, call) : this.#together(pass, result, call);
  }

  /** Each gradient moves its parameter as soon as it is there. */
  async #atOnce(
    pass: TrainingPass,
    { embeddingGradient, gradients, state }: LossResult,
    { measure, ...when }: UpdateCall,
  ): Promise<number | undefined> {
    const norm = new GradientNorm(this.#tf);
    this.optimizer.at(when);
    this.#executor.backward(pass, [embeddingGradient], {
      take: (name, gradient) => {
        if (measure) norm.add(name, gradient);
        this.#moveParameter(name, gradient);
        gradient.dispose();
      },
      states: (names) => [this.optimizer.of(names), norm.of(names)],
      kind: measure ? 'measured' : 'not measured',
    });
    for (const [name, gradient] of Object.entries(gradients)) this.#moveLossArray(name, partsOf(gradient));
    this.#takeState(state);
    const value = measure ? await norm.value() : undefined;
    norm.dispose();
    return value;
  }

  /** Gradients are kept until the last part has been: more memory, as much as the parameters take. */
  async #together(
    pass: TrainingPass,
    { embeddingGradient, gradients, state }: LossResult,
    { part, measure, ...when }: UpdateCall,
  ): Promise<number | undefined> {
    const share = 1 / part.count;
    const isLast = part.index === part.count - 1;
    const exchange = isLast ? this.#exchange : undefined;
    this.#executor.backward(pass, [embeddingGradient], {
      take: (name, gradient) => {
        this.#sums.network.add(name, gradient, share);
        gradient.dispose();
      },
      states: (names) => [this.#sums.network.of(names)],
      kind: 'summed',
      ...(exchange && {
        passed: (names) => {
          exchange.start(this.#sums.network, names);
        },
      }),
    });
    exchange?.finish(this.#sums.network);
    const isWhole = part.count === 1;
    for (const [name, gradient] of isWhole ? [] : Object.entries(gradients)) {
      if ('rows' in gradient) throw new Error('gradients of some rows only are not added up');
      const whole = wholeGradient(this.#tf, gradient, this.#lossTensors.get(name));
      this.#sums.loss.add(name, whole, share);
      whole.dispose();
    }
    this.#takeState(state);
    if (!isLast) return undefined;
    const limit = this.#clipGradient;
    const norm = limit === undefined && !measure ? undefined : await this.#sums.network.norm();
    const factor = limit === undefined || norm === undefined ? 1 : Math.min(1, limit / norm);
    this.optimizer.at(when);
    this.#moveBySums(factor);
    for (const [name, gradient] of isWhole ? Object.entries(gradients) : [])
      this.#moveLossArray(name, partsOf(gradient));
    for (const name of this.#sums.loss.names()) {
      this.#sums.loss.take(name, (gradient) => {
        this.#moveLossArray(name, { gradient });
      });
    }
    return norm;
  }

  #moveBySums(factor: number): void {
    const sums = this.#sums.network;
    const times = factor === 1 ? undefined : this.#tf.scalar(factor);
    const given = new GivenTensors(new Map(times && [['factor', times]]));
    this.#executor.change(sums.names(), {
      kind: 'move by sums',
      states: (names) => [sums.of(names), this.optimizer.of(names), given],
      change: (name) => {
        sums.take(
          name,
          (gradient) => {
            this.#moveParameter(name, gradient);
          },
          times,
        );
      },
    });
    given.dispose();
  }

  #moveParameter(name: string, gradient: Tensor): void {
    const weight = this.#executor.parameter(name);
    this.#executor.replace(name, this.optimizer.step(name, { weight, gradient }));
  }

  #moveLossArray(name: string, parts: ReturnType<typeof partsOf>): void {
    const weight = this.#lossTensors.get(name);
    this.#lossTensors.replace(name, this.optimizer.step(name, { weight, ...parts, ofLoss: true }));
  }

  /** What the loss has computed itself. */
  #takeState(state: ArrayTensors = {}): void {
    for (const [name, tensor] of Object.entries(state)) this.#lossTensors.replace(name, tensor.clone());
  }

  dispose(): void {
    this.optimizer.dispose();
    this.#sums.network.dispose();
    this.#sums.loss.dispose();
  }
}

function partsOf(gradient: Gradient): Pick<WeightUpdate, 'gradient' | 'rows' | 'inward'> {
  if ('values' in gradient) return { gradient: gradient.values, rows: gradient.rows };
  return { gradient: gradient.across, inward: gradient.inward };
}
