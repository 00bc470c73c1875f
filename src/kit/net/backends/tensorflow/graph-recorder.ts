import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type AttributeValue,
  encodeSavedModel,
  type GraphNode,
  servingTag,
  shapeOf,
} from '../../../codec/tensorflow/saved-model.ts';
import type { GraphRecorder, RawAttribute, RecordedGraph } from '../backend.ts';
import { required } from '../tensors.ts';
import type { NodeBackend, NodeBinding } from './node-backend.ts';

/**
 * A constant is what kernels are told of axes, sizes and factors. More values than this are something that changes and
 * should have been among the inputs.
 */
const mostConstantValues = 4096;

/**
 * Records what goes through tfjs-node's binding, and has TensorFlow load it as a saved model: the binding has no other way to a
 * graph. A graph issues its kernels without Node, two at a time where they do not depend on each other's results.
 */
export function graphRecorder(backend: NodeBackend, after: number): GraphRecorder {
  return {
    after,
    record(inputs, compute) {
      const { binding } = backend;
      const types = inputs.map(({ dtype }) => backend.getDTypeInteger(dtype));
      const given = backend.getInputTensorIds(inputs).map((id, index) => ({ id, type: types[index] ?? NaN }));
      const recording = new Recording(binding, given);
      // Its own properties cannot be written to.
      backend.binding = recording.listening();
      let outputs: readonly number[];
      try {
        outputs = backend.getInputTensorIds(compute());
      } finally {
        backend.binding = binding;
      }
      return new LoadedGraph({ backend, ...recording.finish(outputs) });
    },
  };
}

/** The nodes of a graph in the making. */
class Recording {
  readonly #binding: NodeBinding;
  readonly #nodes: GraphNode[] = [];
  /** Where each tensor comes from: `<node>:<output>`. */
  readonly #sources = new Map<number, string>();
  readonly #inputs: readonly { readonly id: number; readonly type: number }[];
  /** Which of the inputs some kernel has taken. */
  readonly #used: number[] = [];
  readonly #constants = new Map<string, GraphConstant>();

  constructor(binding: NodeBinding, inputs: readonly { readonly id: number; readonly type: number }[]) {
    this.#binding = binding;
    this.#inputs = inputs;
  }

  /** The binding, which also writes down what is asked of it. */
  listening(): NodeBinding {
    const binding = this.#binding;
    return Object.create(binding, {
      executeOp: {
        value: (...[operation, attributes, inputs, outputCount]: Parameters<NodeBinding['executeOp']>) => {
          const outputs = binding.executeOp(operation, attributes, inputs, outputCount);
          const sources = inputs.map((id) => this.#sourceOf(id));
          if (isJoined(operation, attributes)) sources.push(this.#barrier());
          const name = this.#add(operation, sources, attributes.map((each) => this.#attribute(each))); // prettier-ignore
          for (const [index, { id }] of outputs.entries()) this.#sources.set(id, `${name}:${index}`);
          return outputs;
        },
      },
      createTensor: {
        value: (...[shape, type, values]: Parameters<NodeBinding['createTensor']>) => {
          const id = binding.createTensor(shape, type, values);
          this.#sources.set(id, this.#constant(shape, type, values));
          return id;
        },
      },
    }) as NodeBinding;
  }

  finish(outputs: readonly number[]): Omit<GraphParts, 'backend'> {
    // What is fed cannot be fetched as well.
    const fetched = outputs.map((id) => {
      const source = this.#sourceOf(id);
      const given = this.#inputs.find((input) => input.id === id);
      return given === undefined ? source : `${this.#add('Identity', [source], [typeOf(given.type)])}:0`;
    });
    return { nodes: this.#nodes, inputs: this.#used, constants: [...this.#constants.values()], outputs: fetched };
  }

  #add(operation: string, inputs: readonly string[], attributes: GraphNode['attributes']): string {
    const name = `node${this.#nodes.length}`;
    this.#nodes.push({ name, operation, inputs, attributes });
    return name;
  }

  #sourceOf(id: number): string {
    const known = this.#sources.get(id);
    if (known !== undefined) return known;
    const index = this.#inputs.findIndex((input) => input.id === id);
    const { type } = required(this.#inputs[index], `among the inputs of a recorded computation, tensor ${id}`);
    const name = `input${index}`;
    this.#nodes.push({ name, operation: 'Placeholder', inputs: [], attributes: [typeOf(type, 'dtype')] });
    this.#used.push(index);
    this.#sources.set(id, `${name}:0`);
    return `${name}:0`;
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
    const name = this.#constants.get(key)?.name ?? this.#addConstant(key, { shape, type, values });
    return `${name}:0`;
  }

  #addConstant(key: string, { shape, type, values }: ConstantValue): string {
    const name = `constant${this.#constants.size}`;
    this.#nodes.push({ name, operation: 'Placeholder', inputs: [], attributes: [typeOf(type, 'dtype')] });
    this.#constants.set(key, { name, id: this.#binding.createTensor(shape, type, values) });
    return name;
  }

  /**
   * What an operation waits for besides its inputs is never joined with others. Each has a value of its own to wait for: an
   * operation is not held to wait for what its inputs have waited for already.
   */
  #barrier(): string {
    const value = { shape: [], type: this.#binding.TF_FLOAT, values: new Float32Array(1) };
    return `^${this.#addConstant(`barrier ${this.#constants.size}`, value)}`;
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

interface ConstantValue {
  readonly shape: readonly number[];
  readonly type: number;
  readonly values: ArrayBufferView;
}

interface GraphConstant {
  readonly name: string;
  readonly id: number;
}

/**
 * Whether TensorFlow makes one operation of it and the convolution before it, which rounds otherwise than the two: on some processors
 * only. That is a normalisation with statistics that are given.
 */
function isJoined(operation: string, attributes: readonly RawAttribute[]): boolean {
  return operation === 'FusedBatchNormV3' && attributes.some(({ name, value }) => name === 'is_training' && value === false); // prettier-ignore
}

const typeOf = (type: number, key = 'T'): GraphNode['attributes'][number] => ({ key, value: { type } });

interface GraphParts {
  readonly backend: NodeBackend;
  readonly nodes: readonly GraphNode[];
  /** Which of the inputs are used. */
  readonly inputs: readonly number[];
  readonly constants: readonly GraphConstant[];
  readonly outputs: readonly string[];
}

class LoadedGraph implements RecordedGraph {
  readonly #parts: GraphParts;
  readonly #session: number;
  readonly #names: { readonly inputs: string; readonly outputs: string };

  constructor(parts: GraphParts) {
    this.#parts = parts;
    this.#session = loadGraph(parts.backend.binding, parts.nodes);
    const inputs = [...parts.inputs.map((index) => `input${index}`), ...parts.constants.map(({ name }) => name)];
    this.#names = { inputs: inputs.map((name) => `${name}:0`).join(), outputs: parts.outputs.join() };
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const { backend } = this.#parts;
    const fed = this.#parts.inputs.map((index) => required(inputs[index], `input ${index} of a recorded graph`));
    const ids = [...backend.getInputTensorIds(fed), ...this.#parts.constants.map(({ id }) => id)];
    const made = backend.binding.runSavedModel(this.#session, ids, this.#names.inputs, this.#names.outputs);
    return made.map((metadata) => backend.createOutputTensor(metadata));
  }

  dispose(): void {
    const { binding } = this.#parts.backend;
    binding.deleteSavedModel(this.#session);
    for (const { id } of this.#parts.constants) binding.deleteTensor(id);
  }
}

function loadGraph(binding: NodeBinding, nodes: readonly GraphNode[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'faceflow-graph-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
    return binding.loadSavedModel(folder, servingTag);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
