import type { Tensor } from '@tensorflow/tfjs-core';
import type { GraphParameter, ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';
import type { Backend } from './backend.ts';
import { fromBackendLayout, layoutOf, type ParameterLayout, toBackendLayout } from './parameter-layout.ts';
import type { TensorState } from './replays.ts';
import { required, valuesOf } from './tensors.ts';

interface ParameterSlot {
  readonly declaration: GraphParameter;
  readonly layout: ParameterLayout;
  /** Of the moving statistics of a normalisation; 0 for all others. */
  readonly momentum: number;
  tensor: Tensor;
}

/** The parameters of a network as tensors of a backend, in its layout. */
export class NetworkParameters implements TensorState {
  readonly #backend: Backend;
  readonly #slots: ReadonlyMap<string, ParameterSlot>;

  /** `arrays` holds every parameter of the graph. */
  constructor(backend: Backend, shaped: ShapedGraph, arrays: ReadonlyMap<string, NamedArray>) {
    this.#backend = backend;
    this.#slots = new Map(
      shaped.parameters.map((declaration) => {
        const array = required(arrays.get(declaration.name), `parameter "${declaration.name}"`);
        return [declaration.name, this.#slotFor(shaped, declaration, array)];
      }),
    );
  }

  #slotFor(shaped: ShapedGraph, declaration: GraphParameter, array: NamedArray): ParameterSlot {
    const { tf } = this.#backend;
    const node = required(
      shaped.graph.layers.find(({ name }) => name === declaration.layer),
      `layer "${declaration.layer}"`,
    );
    const channels = shaped.shapes.get(node.inputs[0] ?? '')?.[0] ?? 1;
    const layout = layoutOf(node, declaration.suffix, channels);
    const tensor = tf.tidy(() => toBackendLayout(tf, arrayTensor(this.#backend, array), layout));
    if (declaration.role === 'fixed') return { declaration, layout, momentum: 0, tensor: onesInPlaceOf(tf, tensor) };
    const momentum = node.kind === 'batch-normalization' ? node.attributes.momentum : 0;
    return { declaration, layout, momentum, tensor };
  }

  declarations(): GraphParameter[] {
    return [...this.#slots.values()].map(({ declaration }) => declaration);
  }

  tensors(): ReadonlyMap<string, Tensor> {
    return new Map([...this.#slots].map(([name, { tensor }]) => [name, tensor]));
  }

  become(tensors: ReadonlyMap<string, Tensor>): void {
    for (const [name, tensor] of tensors) if (tensor !== this.get(name)) this.replace(name, tensor);
  }

  /** Those of a few layers. */
  of(names: readonly string[]): TensorState {
    return {
      tensors: () => new Map(names.map((name) => [name, this.get(name)])),
      become: (tensors) => {
        this.become(tensors);
      },
    };
  }

  /** Stays this object's. */
  get(name: string): Tensor {
    return this.#slot(name).tensor;
  }

  /** Puts new values in the place of a parameter's; the tensor becomes this object's, the old one is disposed of. */
  replace(name: string, tensor: Tensor): void {
    const slot = this.#slot(name);
    slot.tensor.dispose();
    slot.tensor = tensor;
  }

  /** moving = momentum moving + (1 - momentum) statistic of the batch, of which it disposes. */
  moveStatistic(name: string, statistic: Tensor): void {
    const { tf } = this.#backend;
    const { tensor, momentum } = this.#slot(name);
    this.replace(
      name,
      tf.tidy(() => tf.add(tf.mul(tensor, momentum), tf.mul(statistic, 1 - momentum))),
    );
    statistic.dispose();
  }

  #slot(name: string): ParameterSlot {
    return required(this.#slots.get(name), `parameter "${name}"`);
  }

  /** Values of one tensor of the backend that is shaped as parameter `name`, in MXNet's layout. */
  async read(name: string, tensor: Tensor): Promise<NamedArray> {
    const { declaration, layout } = this.#slot(name);
    const { tf } = this.#backend;
    // Never an array out of `tidy`: it would look for tensors in each of its values, and fails beyond 2^24 of them.
    const ordered = tf.tidy(() => fromBackendLayout(tf, tensor, { layout, shape: declaration.shape }));
    const values = await valuesOf(ordered);
    ordered.dispose();
    return { name, shape: declaration.shape, values };
  }

  /** The inverse of {@link read}: a tensor of the backend out of an array in MXNet's layout. */
  write(array: NamedArray): Tensor {
    const { layout } = this.#slot(array.name);
    const { tf } = this.#backend;
    return tf.tidy(() => toBackendLayout(tf, arrayTensor(this.#backend, array), layout));
  }

  dispose(): void {
    for (const { tensor } of this.#slots.values()) tensor.dispose();
  }
}

function arrayTensor({ tf }: Backend, { values, shape }: NamedArray): Tensor {
  return tf.tensor(values, [...shape], 'float32');
}

function onesInPlaceOf(tf: Backend['tf'], tensor: Tensor): Tensor {
  const ones = tf.onesLike(tensor);
  tensor.dispose();
  return ones;
}
