import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Json } from '../../../core/digest.ts';
import type { Backend, TensorLibrary } from '../backends/backend.ts';
import { withRows } from '../backends/rows.ts';
import type { TensorState } from '../backends/replays.ts';
import { disposeReplaced, required, scoped } from '../backends/tensors.ts';
import { decays, type DecayPolicy } from './decay-policy.ts';

/** Which update it is, and how far it goes. */
export interface UpdateTime {
  readonly learningRate: number;
  /** Number of the batch, counted from 1. */
  readonly step: number;
}

export interface UpdateCall<Buffer extends string, Factor extends string = string> {
  readonly weight: Tensor;
  /** Of the weight's shape. */
  readonly gradient: Tensor;
  /** Only for rules that take it: the derivative is `gradient` - `inward` * weight; [rows, 1]. */
  readonly inward?: Tensor2D;
  /** What the rule remembers of this weight, of its shape; zeros before the first update. */
  readonly buffers: Readonly<Record<Buffer, Tensor>>;
  /** What depends on the time of the update: tensors, so that a recorded step can be done again at another time. */
  readonly factors: Readonly<Record<Factor, Scalar>>;
  /** Whether weight decay acts on it. */
  readonly decays: boolean;
}

/** A rule by which weights follow their gradients. */
export interface OptimizerRule<Options, Buffer extends string = string, Factor extends string = string> {
  readonly summary: string;
  /** JSON schema of each option, `learningRate` among them; one without a default may be left out. */
  readonly options: { readonly [Name in keyof Options]-?: Readonly<Record<string, Json>> };
  /** Names of what it remembers of each weight; in checkpoints `<buffer>/<weight>`. */
  readonly buffers: readonly Buffer[];
  /** Whether `update` looks at `inward`; otherwise it gets the whole derivative as `gradient`. */
  readonly takesInward?: boolean;
  /** What `update` takes of the time, computed in float64. */
  readonly factors: (when: UpdateTime, options: Options) => Readonly<Record<Factor, number>>;
  /** Runs inside a scope that disposes of every tensor that is not in the result. */
  readonly update: (
    tf: TensorLibrary,
    call: UpdateCall<Buffer, Factor>,
    options: Options,
  ) => { readonly weight: Tensor; readonly buffers: Readonly<Record<Buffer, Tensor>> };
}

/** A rule with its options chosen. */
export interface BoundRule {
  readonly buffers: readonly string[];
  readonly takesInward: boolean;
  readonly decay: DecayPolicy | undefined;
  factors(when: UpdateTime): Readonly<Record<string, number>>;
  update(
    tf: TensorLibrary,
    call: UpdateCall<string>,
  ): { readonly weight: Tensor; readonly buffers: Readonly<Record<string, Tensor>> };
}

export function bindRule<Options extends { readonly decay?: DecayPolicy }, Buffer extends string>(
  rule: OptimizerRule<Options, Buffer>,
  options: Options,
): BoundRule {
  return {
    buffers: rule.buffers,
    takesInward: rule.takesInward === true,
    decay: options.decay,
    factors: (when) => rule.factors(when, options),
    update: (tf, call) => rule.update(tf, call, options),
  };
}

export interface WeightUpdate {
  readonly weight: Tensor;
  readonly gradient: Tensor;
  /** [rows]: the derivative is `gradient` - `inward` * weight. */
  readonly inward?: Tensor1D | undefined;
  /** [rows], int32: `gradient` is that of these rows of `weight`; all others, and what is remembered of them, stay. */
  readonly rows?: Tensor1D | undefined;
  /** It is an array of the loss, not of the network. */
  readonly ofLoss?: boolean | undefined;
}

type Buffers = Readonly<Record<string, Tensor>>;

/** A rule at work: it keeps the buffers of every weight. */
export class Optimizer {
  readonly #backend: Pick<Backend, 'tf' | 'raw' | 'device'>;
  readonly #tf: TensorLibrary;
  readonly #rule: BoundRule;
  readonly #buffers = new Map<string, Buffers>();
  #factors: Readonly<Record<string, Scalar>> = {};

  constructor(backend: Pick<Backend, 'tf' | 'raw' | 'device'>, rule: BoundRule) {
    this.#backend = backend;
    this.#tf = backend.tf;
    this.#rule = rule;
  }

  /** Of the updates that follow. */
  at(when: UpdateTime): void {
    this.#tf.dispose(Object.values(this.#factors));
    const factors = Object.entries(this.#rule.factors(when));
    this.#factors = Object.fromEntries(factors.map(([name, value]) => [name, this.#tf.scalar(value)]));
  }

  /** What is remembered of these weights, and what depends on the time. */
  of(names: readonly string[]): TensorState {
    return {
      tensors: () => this.#tensorsOf(names),
      become: (tensors) => {
        disposeReplaced(this.#tensorsOf(names), tensors);
        for (const name of names) this.#remember(name, (buffer) => tensors.get(`${buffer}/${name}`));
      },
    };
  }

  #tensorsOf(names: Iterable<string>): ReadonlyMap<string, Tensor> {
    const buffers = [...names].flatMap((name) =>
      Object.entries(this.buffersOf(name)).map(([slot, tensor]) => [`${slot}/${name}`, tensor] as const),
    );
    return new Map([...buffers, ...Object.entries(this.#factors)]);
  }

  /**
   * The new value of a weight. Neither `weight` nor `gradient` is disposed of; with `rows`, the old value is not to be used any
   * more, since a few rows may have been written into its memory.
   */
  step(name: string, { weight, gradient, inward, rows, ofLoss = false }: WeightUpdate): Tensor {
    const tf = this.#tf;
    const when = { factors: this.#factors, decays: decays(this.#rule.decay, weight, ofLoss) };
    const known = this.#buffers.get(name);
    const next = scoped(tf, () => {
      const buffers = known ?? this.#zeros(weight);
      if (inward !== undefined) return this.#updateInward({ weight, gradient, inward, ...when }, buffers);
      if (rows === undefined) return this.#rule.update(tf, { weight, gradient, buffers, ...when });
      const some = mapTensors(buffers, (buffer) => tf.gather(buffer, rows));
      const updated = this.#rule.update(tf, { weight: tf.gather(weight, rows), gradient, buffers: some, ...when });
      return {
        weight: withRows(this.#backend, weight, { rows, values: updated.weight }),
        buffers: mapTensors(buffers, (buffer, slot) =>
          withRows(this.#backend, buffer, { rows, values: required(updated.buffers[slot], slot) }),
        ),
      };
    });
    for (const buffer of Object.values(known ?? {})) buffer.dispose();
    this.#buffers.set(name, next.buffers);
    return next.weight;
  }

  /** Made by the engine: `zerosLike` makes an array of numbers here first. */
  #zeros(weight: Tensor): Buffers {
    return Object.fromEntries(this.#rule.buffers.map((buffer) => [buffer, this.#tf.fill(weight.shape, 0)]));
  }

  #updateInward(
    {
      weight,
      gradient,
      inward,
      ...when
    }: Omit<UpdateCall<string>, 'inward' | 'buffers'> & { readonly inward: Tensor1D },
    buffers: Buffers,
  ): ReturnType<BoundRule['update']> {
    const column: Tensor2D = this.#tf.reshape(inward, [-1, 1]);
    if (this.#rule.takesInward)
      return this.#rule.update(this.#tf, { weight, gradient, inward: column, buffers, ...when });
    const whole = this.#tf.sub(gradient, this.#tf.mul(weight, column));
    return this.#rule.update(this.#tf, { weight, gradient: whole, buffers, ...when });
  }

  /** What is remembered of a weight, by name of the buffer; nothing before its first update. */
  buffersOf(name: string): Buffers {
    return this.#buffers.get(name) ?? {};
  }

  /** The buffers of a weight from a checkpoint: `read` makes the tensor of one, or undefined if it is not there. */
  restore(name: string, read: (buffer: string) => Tensor | undefined): void {
    const before = Object.values(this.buffersOf(name));
    if (this.#remember(name, read)) for (const buffer of before) buffer.dispose();
  }

  /** Whether all buffers of a weight are there; otherwise those that were stay. */
  #remember(name: string, bufferOf: (buffer: string) => Tensor | undefined): boolean {
    const found = this.#rule.buffers.flatMap((buffer) => {
      const tensor = bufferOf(buffer);
      return tensor === undefined ? [] : [[buffer, tensor] as const];
    });
    if (found.length < this.#rule.buffers.length) return false;
    this.#buffers.set(name, Object.fromEntries(found));
    return true;
  }

  dispose(): void {
    for (const tensor of this.#tensorsOf(this.#buffers.keys()).values()) tensor.dispose();
    this.#buffers.clear();
    this.#factors = {};
  }
}

function mapTensors(tensors: Buffers, convert: (tensor: Tensor, name: string) => Tensor): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, convert(tensor, name)]));
}
