import type { Backend } from '../backends/backend.ts';
import { GraphExecutor } from '../backends/graph-executor.ts';
import { GivenTensors } from '../backends/replays.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';

/** Before the names of its arrays in a checkpoint. */
const prefix = 'average/';

/**
 * The exponential moving average of the parameters of a network, moving statistics included: a network of its own, which
 * follows the one in training. average <- d average + (1 - d) parameter after each step, where d is the smaller of the
 * decay and (1 + step) / (10 + step): the first steps, far from what comes, would count for long (TensorFlow's
 * `ExponentialMovingAverage` with `num_updates`).
 */
export class WeightAverage {
  readonly network: GraphExecutor;
  readonly #tf: Backend['tf'];
  readonly #decay: number;
  readonly #names: readonly string[];

  /** `frozen`: layers whose parameters stay, and with them their averages. */
  constructor({ backend, shaped, decay, frozen }: AverageOptions, start: ReadonlyMap<string, NamedArray>) {
    this.network = new GraphExecutor(backend, shaped, start);
    this.#tf = backend.tf;
    this.#decay = decay;
    this.#names = shaped.parameters
      .filter(({ role, layer }) => role !== 'fixed' && !frozen.has(layer))
      .map(({ name }) => name);
  }

  /** Takes in the parameters after a step, counted from 1. */
  follow(trained: GraphExecutor, step: number): void {
    const decay = Math.min(this.#decay, (1 + step) / (10 + step));
    const tf = this.#tf;
    const shares = { old: tf.scalar(decay), new: tf.scalar(1 - decay) };
    const given = new GivenTensors(new Map(Object.entries(shares)));
    this.network.change(this.#names, {
      kind: 'average',
      states: (names) => [trained.parametersOf(names), given],
      change: (name) => {
        const next = tf.tidy(() =>
          tf.add(tf.mul(this.network.parameter(name), shares.old), tf.mul(trained.parameter(name), shares.new)),
        );
        this.network.replace(name, next);
      },
    });
    given.dispose();
  }

  /** As they are in a checkpoint. */
  async *state(): AsyncGenerator<NamedArray> {
    for (const name of this.#names) yield { ...(await this.network.read(name)), name: `${prefix}${name}` };
  }

  /** Takes the place of what {@link state} returned. */
  restore(state: (name: string) => NamedArray): void {
    for (const name of this.#names) {
      this.network.replace(name, this.network.write({ ...state(`${prefix}${name}`), name }));
    }
  }

  dispose(): void {
    this.network.dispose();
  }
}

export interface AverageOptions {
  readonly backend: Backend;
  readonly shaped: ShapedGraph;
  /** Share of its old value that the average keeps in a step. */
  readonly decay: number;
  readonly frozen: ReadonlySet<string>;
}
