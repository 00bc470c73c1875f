import type { Tensor } from '@tensorflow/tfjs-core';
import { type AttributeValue, type GraphNode, shapeOf } from '../../../codec/tensorflow/saved-model.ts';
import type { GraphRecorder, RawAttribute, RecordedGraph, TensorLibrary } from '../backend.ts';
import { computedOutside, required } from '../tensors.ts';
import {
  LoadedGraph,
  type OutsideValue,
  type RecordedParts,
  type Stretch,
  typeOf,
  waitingFor,
} from './loaded-graph.ts';
import type { NodeBackend, NodeBinding, TensorMetadata } from './node-backend.ts';

/**
 * A constant is what kernels are told of axes, sizes and factors, of which there may be one for each position of a map (a mean whose
 * windows are cut). More values than this are something that changes and should have been among the inputs.
 */
const mostConstantValues = 2 ** 20;

/**
 * Records what goes through tfjs-node's binding, and has TensorFlow load it as a saved model: the binding has no other way to a
 * graph. A graph issues its kernels without Node, two at a time where they do not depend on each other's results.
 */
export function graphRecorder(tf: TensorLibrary, backend: NodeBackend, after: number): GraphRecorder {
  let recording: Recording | undefined;
  return {
    after,
    record(inputs, compute): RecordedGraph {
      const types = inputs.map(({ dtype }) => backend.getDTypeInteger(dtype));
      const given = backend.getInputTensorIds(inputs).map((id, index) => ({ id, type: types[index] ?? NaN }));
      recording = new Recording(backend, given);
      const recorded = recording;
      try {
        return new LoadedGraph(recorded.finish(listenTo(backend, recorded, compute)));
      } catch (error) {
        recorded.dispose();
        throw error;
      } finally {
        recording = undefined;
      }
    },
    outside(given, compute) {
      const made = (tensor: Tensor): Tensor => computedOutside(tf, tensor, compute);
      return recording === undefined ? made(given) : recording.outside(given, made);
    },
  };
}

/** The numbers of what `compute` returns. */
function listenTo(backend: NodeBackend, recording: Recording, compute: () => readonly Tensor[]): readonly number[] {
  const { binding } = backend;
  // Its own properties cannot be written to.
  backend.binding = recording.listening();
  try {
    return backend.getInputTensorIds(compute());
  } finally {
    backend.binding = binding;
  }
}

/** The nodes of graphs in the making. */
class Recording {
  readonly #backend: NodeBackend;
  readonly #binding: NodeBinding;
  readonly #stretches: Stretch[] = [];
  #nodes: GraphNode[] = [];
  #nodeCount = 0;
  /** Where each tensor comes from: `<node>:<output>`. */
  readonly #sources = new Map<number, string>();
  readonly #types = new Map<string, number>();
  readonly #inputs: readonly string[];
  readonly #constants = new Map<string, GraphConstant>();

  constructor(backend: NodeBackend, inputs: readonly { readonly id: number; readonly type: number }[]) {
    this.#backend = backend;
    this.#binding = backend.binding;
    this.#inputs = inputs.map(({ id, type }, index) => this.#known(`given${index}:0`, { id, type }));
  }

  #known(source: string, { id, type }: { readonly id: number; readonly type: number }): string {
    this.#sources.set(id, source);
    this.#types.set(source, type);
    return source;
  }

  /** The binding, which also writes down what is asked of it. */
  listening(): NodeBinding {
    const binding = this.#binding;
    return Object.create(binding, {
      executeOp: {
        value: (...[operation, attributes, inputs, outputCount]: Parameters<NodeBinding['executeOp']>) => {
          if (computedAlone.has(operation)) return this.#alone(operation, attributes, inputs);
          const sources = inputs.map((id) => this.#sourceOf(id));
          if (isJoined(operation, attributes)) sources.push(waitingFor(this.#barrier()));
          const name = this.#add(operation, sources, attributes.map((each) => this.#attribute(each))); // prettier-ignore
          const outputs = binding.executeOp(operation, attributes, inputs, outputCount);
          for (const [index, { id, dtype }] of outputs.entries()) this.#known(`${name}:${index}`, { id, type: dtype });
          return outputs;
        },
      },
      createTensor: {
        value: (...[shape, type, values]: Parameters<NodeBinding['createTensor']>) => {
          const source = this.#constant(shape, type, values);
          const id = binding.createTensor(shape, type, values);
          this.#known(source, { id, type });
          return id;
        },
      },
    }) as NodeBinding;
  }

  /** Ends a stretch. */
  outside(given: Tensor, compute: OutsideValue['compute']): Tensor {
    const backend = this.#backend;
    const [id = NaN] = backend.getInputTensorIds([given]);
    const source = this.#endStretch(id, compute);
    const made = compute(given);
    // Otherwise it would be taken for a constant when it is first used.
    const listening = backend.binding;
    backend.binding = this.#binding;
    const [own = NaN] = backend.getInputTensorIds([made]);
    backend.binding = listening;
    this.#known(source, { id: own, type: backend.getDTypeInteger(made.dtype) });
    return made;
  }

  /** Returns what the value that `compute` makes is called. */
  #endStretch(given: number, compute: OutsideValue['compute']): string {
    const source = `outside${this.#stretches.length}:0`;
    this.#stretches.push({ nodes: this.#nodes, then: { source, given: this.#sourceOf(given), compute } });
    this.#nodes = [];
    return source;
  }

  /** An operation of one input and one output, by itself between two stretches. */
  #alone(operation: string, attributes: readonly RawAttribute[], [given = NaN]: readonly number[]): TensorMetadata[] {
    const source = this.#endStretch(given, (tensor) => {
      const [made] = this.#backend.executeMultipleOutputs(operation, attributes, [tensor], 1);
      return required(made, `the output of ${operation}`);
    });
    const outputs = this.#binding.executeOp(operation, attributes, [given], 1);
    for (const { id, dtype } of outputs) this.#known(source, { id, type: dtype });
    return outputs;
  }

  finish(outputs: readonly number[]): RecordedParts {
    // What is fed cannot be fetched as well.
    const fetched = outputs.map((id) => {
      const source = this.#sourceOf(id);
      if (source.startsWith('node')) return source;
      const type = required(this.#types.get(source), `the type of ${source}`);
      const copy = `${this.#add('Identity', [source], [typeOf(type)])}:0`;
      this.#types.set(copy, type);
      return copy;
    });
    return {
      backend: this.#backend,
      stretches: [...this.#stretches, { nodes: this.#nodes }],
      inputs: this.#inputs,
      constants: new Map([...this.#constants.values()].map(({ source, id }) => [source, id])),
      types: this.#types,
      outputs: fetched,
    };
  }

  /** Of a recording that comes to nothing. */
  dispose(): void {
    for (const { id } of this.#constants.values()) this.#binding.deleteTensor(id);
  }

  #add(operation: string, inputs: readonly string[], attributes: GraphNode['attributes']): string {
    const name = `node${this.#nodeCount}`;
    this.#nodeCount += 1;
    this.#nodes.push({ name, operation, inputs, attributes });
    return name;
  }

  #sourceOf(id: number): string {
    return required(this.#sources.get(id), `among the inputs of a recorded computation, tensor ${id}`);
  }

  /**
   * The graph is given its constants in every run. Where TensorFlow knows them, or shapes by them, it makes one factor of two and
   * one sum of several, which rounds otherwise than the kernels one by one.
   */
  #constant(shape: readonly number[], type: number, values: ArrayBufferView): string {
    const count = shape.reduce((product, size) => product * size, 1);
    if (count > mostConstantValues) throw new Error(`a recorded computation made a constant of ${count} values itself`);
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const key = `${type} ${shape.join()} ${bytes.toString('base64')}`;
    return this.#constants.get(key)?.source ?? this.#addConstant(key, { shape, type, values });
  }

  #addConstant(key: string, { shape, type, values }: ConstantValue): string {
    const source = `constant${this.#constants.size}:0`;
    this.#constants.set(key, { source, id: this.#binding.createTensor(shape, type, values) });
    return source;
  }

  /**
   * What an operation waits for besides its inputs is never joined with others. Each has a value of its own to wait for: an
   * operation is not held to wait for what its inputs have waited for already.
   */
  #barrier(): string {
    const type = this.#binding.TF_FLOAT;
    const source = this.#addConstant(`barrier ${this.#constants.size}`, {
      shape: [],
      type,
      values: new Float32Array(1),
    });
    this.#types.set(source, type);
    return source;
  }

  #attribute({ name, type, value }: RawAttribute): GraphNode['attributes'][number] {
    const { TF_ATTR_STRING, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_TYPE, TF_ATTR_SHAPE } = this.#binding;
    const single: Readonly<Record<number, (value: never) => AttributeValue>> = {
      [TF_ATTR_STRING]: (string: string) => ({ string }),
      [TF_ATTR_INT]: (integer: number) => ({ integer }),
      [TF_ATTR_FLOAT]: (float: number) => ({ float }),
      [TF_ATTR_BOOL]: (bool: boolean) => ({ bool: bool ? 1 : 0 }),
      [TF_ATTR_TYPE]: (number: number) => ({ type: number }),
      [TF_ATTR_SHAPE]: (axes: readonly number[]) => ({ shape: shapeOf(axes) }),
    };
    if (Array.isArray(value) && type === TF_ATTR_INT) return { key: name, value: { list: { integers: value } } };
    const convert = required(single[type], `how an attribute of type ${type} is written, "${name}"`);
    return { key: name, value: convert(value as never) };
  }
}

/** Operations that TensorFlow computes by another library in a graph than by itself, with other roundings. */
const computedAlone: ReadonlySet<string> = new Set(['Softmax']);

interface ConstantValue {
  readonly shape: readonly number[];
  readonly type: number;
  readonly values: ArrayBufferView;
}

/**
 * Whether TensorFlow makes one operation of it and the convolution before it, which rounds otherwise than the two: on some processors
 * only. That is a normalisation with statistics that are given.
 */
function isJoined(operation: string, attributes: readonly RawAttribute[]): boolean {
  return operation === 'FusedBatchNormV3' && attributes.some(({ name, value }) => name === 'is_training' && value === false); // prettier-ignore
}

interface GraphConstant {
  readonly source: string;
  readonly id: number;
}
