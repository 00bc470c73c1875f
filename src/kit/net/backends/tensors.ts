import type { Tensor, Tensor1D, TensorContainer } from '@tensorflow/tfjs-core';
import type { OutsideComputation, TensorLibrary } from './backend.ts';

/** The value; throws, naming `what` is missing, where its absence would be a defect of ours. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing`);
  return value;
}

export function vectorOf(tf: TensorLibrary, values: readonly number[]): Tensor1D {
  return copiedTensor(tf, Float32Array.from(values), [values.length]) as Tensor1D;
}

/**
 * A tensor with a copy of `values`. TensorFlow shares memory whose address is a multiple of 64, and lets go of it on any of its
 * threads, where tfjs-node calls V8, which no other thread may: of many small tensors a step one ends the process now and then. Other memory it copies at
 * once (`TF_NewTensor`, c/tf_tensor.cc; `DeallocTensor` of tfjs-node).
 */
export function copiedTensor(tf: TensorLibrary, values: Float32Array, shape: readonly number[]): Tensor {
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const own = new Float32Array(new ArrayBuffer(values.byteLength + bytes), bytes, values.length);
  own.set(values);
  return tf.tensor(own, [...shape]);
}

/** A vector of what `compute` makes of the values of a tensor, which it is given a copy of: backends hand out their own memory. */
export function computedOutside(tf: TensorLibrary, given: Tensor, compute: OutsideComputation): Tensor {
  const values = compute(given.dataSync<'float32'>().slice());
  return copiedTensor(tf, values, [values.length]);
}

/** `tf.tidy` for results of our own types: disposes of every tensor that `compute` made and that is not in its result. */
export function scoped<Result extends object>(tf: TensorLibrary, compute: () => Result): Result {
  // tfjs looks for tensors in the properties of any object; its type of containers has an index signature instead.
  return tf.tidy(() => compute() as unknown as TensorContainer) as unknown as Result;
}

/** Disposes of what `before` has and `after` has not, under whatever name. */
export function disposeReplaced(before: ReadonlyMap<string, Tensor>, after: ReadonlyMap<string, Tensor>): void {
  const kept = new Set(after.values());
  for (const tensor of before.values()) if (!kept.has(tensor)) tensor.dispose();
}

interface CountedTensor {
  readonly name: string;
  readonly tensor: Tensor;
  readonly remaining: number;
}

/** Values of a pass, each disposed of at its last planned use. */
export class CountedTensors {
  readonly #useCounts: ReadonlyMap<string, number>;
  readonly #alive = new Map<string, { readonly tensor: Tensor; remaining: number }>();

  constructor(useCounts: ReadonlyMap<string, number>) {
    this.#useCounts = useCounts;
  }

  put(name: string, tensor: Tensor): void {
    const remaining = this.#useCounts.get(name) ?? 0;
    if (remaining === 0) tensor.dispose();
    else this.#alive.set(name, { tensor, remaining });
  }

  get(name: string): Tensor {
    return this.#entry(name).tensor;
  }

  /** One of the planned uses is over. */
  release(name: string): void {
    const entry = this.#entry(name);
    entry.remaining -= 1;
    if (entry.remaining > 0) return;
    entry.tensor.dispose();
    this.#alive.delete(name);
  }

  disposeAll(): void {
    for (const { tensor } of this.#alive.values()) tensor.dispose();
    this.#alive.clear();
  }

  /** What is alive of these, of all unless they are named, and how often each of them is still used. */
  entries(names: Iterable<string> = this.#alive.keys()): CountedTensor[] {
    return [...names].flatMap((name) => {
      const entry = this.#alive.get(name);
      return entry === undefined ? [] : [{ name, ...entry }];
    });
  }

  /** Holds these from now on in the place of those that are named, or of all. Nothing is disposed of. */
  hold(entries: readonly CountedTensor[], names: Iterable<string> = [...this.#alive.keys()]): void {
    for (const name of names) this.#alive.delete(name);
    for (const { name, tensor, remaining } of entries) this.#alive.set(name, { tensor, remaining });
  }

  #entry(name: string): { readonly tensor: Tensor; remaining: number } {
    return required(this.#alive.get(name), `the value of layer "${name}"`);
  }
}

/** What a tensor holds, row by row: a copy, since tensorflow and cpu hand out their own memory. */
export async function valuesOf(tensor: Tensor): Promise<Float32Array> {
  return (await tensor.data<'float32'>()).slice();
}
