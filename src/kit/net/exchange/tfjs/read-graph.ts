import { fail } from '../../../../core/failure.ts';
import { type GraphModel, type GraphNode, sizesOf } from '../../../codec/tfjs/graph-model.ts';
import type { ShardArray } from '../../../codec/tfjs/weight-shards.ts';
import { repeatedName } from '../../../codec/repeated-name.ts';
import { failures } from '../../failures.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { type Graph, inputName, type LayerNode } from '../../graph/graph.ts';
import { inferShapes } from '../../graph/infer-shapes.ts';
import type { NamedArray } from '../../model/model.ts';
import { type ImageSizeRead, statedOrAssumed } from '../assumed-size.ts';
import { ImportedGraph } from '../imported-graph.ts';
import type { ModelReadOptions } from '../model-format.ts';
import { type GraphUnderConstruction, GraphNodeReader, hint, type LayerParameter, nodeOf } from './graph-node.ts';
import { operators } from './operators.ts';
import type { Constant, TensorflowValue } from './tensorflow-value.ts';

export interface ReadGraph {
  readonly graph: Graph;
  readonly arrays: readonly NamedArray[];
  /** Neither the file nor the options state how large the images are. */
  readonly isAssumedSize: boolean;
}

interface StoredGraph {
  readonly model: GraphModel;
  /** By the names of constants. */
  readonly weights: ReadonlyMap<string, ShardArray>;
  readonly file: string;
}

/**
 * A GraphDef as layers; the batch is always open. Fails with `unknown-operator` and `unsupported-operator`, naming the node, with
 * `unsupported-input`, and with `damaged-file` if nodes name what is not there.
 */
export function readGraph(stored: StoredGraph, options: ModelReadOptions): ReadGraph {
  return new GraphReader(stored, options).read();
}

function constantOf({ name }: GraphNode, { shape, values }: ShardArray): TensorflowValue {
  return { is: 'constant', constant: { name, dims: shape, values } };
}

class GraphReader implements GraphUnderConstruction {
  readonly file: string;
  readonly #model: GraphModel;
  readonly #nodes: ReadonlyMap<string, GraphNode>;
  readonly #outputs: readonly string[];
  readonly #order: readonly GraphNode[];
  readonly #size: ImageSizeRead;
  readonly #imported: ImportedGraph;
  readonly #arrays: NamedArray[] = [];
  readonly #parameterNames = new Set<string>();
  readonly #values = new Map<string, TensorflowValue>();
  /** The nodes that take the value of one, once for each time. */
  readonly #users = new Map<string, GraphNode[]>();

  constructor({ model, weights, file }: StoredGraph, options: ModelReadOptions) {
    this.file = file;
    this.#model = model;
    this.#nodes = new Map(model.nodes.map((node) => [node.name, node]));
    const twice = repeatedName(model.nodes.map(({ name }) => name));
    if (twice !== undefined) fail(failures.nameTwice({ what: 'nodes', name: twice }, { file }));
    this.#outputs = this.#outputNodes(options.outputs);
    this.#order = this.#sorted();
    const input = this.#inputNode();
    this.#size = this.#sizeOf(input, options);
    this.#imported = new ImportedGraph(this.#size.input);
    this.#values.set(input.name, { is: 'layer', layer: inputName });
    for (const node of this.#order) {
      const array = node.op === 'Const' ? weights.get(node.name) : undefined;
      if (array !== undefined) this.#values.set(node.name, constantOf(node, array));
      for (const each of node.inputs) this.#users.set(nodeOf(each), [...(this.#users.get(nodeOf(each)) ?? []), node]);
    }
  }

  read(): ReadGraph {
    for (const node of this.#order) {
      // Read together with one before it, or known beforehand. Who takes a constant without weights complains.
      if (!this.#values.has(node.name) && node.op !== 'Const') this.setValue(node, this.#operation(node));
    }
    const outputs = this.#outputs.map((name) => {
      const value = this.#values.get(name);
      return value?.is === 'layer' ? value.layer : fail(failures.outputIsNoLayer({ name }, { file: this.file }));
    });
    const { input, isAssumed } = this.#size;
    return {
      graph: { input, layers: this.#imported.layers, outputs },
      arrays: this.#arrays,
      isAssumedSize: isAssumed,
    };
  }

  valueOf(name: string, user: GraphNode): TensorflowValue {
    const output = Number(name.split(':')[1] ?? 0);
    const node = this.#nodes.get(nodeOf(name));
    if (output !== 0 && node !== undefined) {
      fail(failures.outputOfOperator({ output, node: { name: node.name, type: node.op } }, { file: this.file }));
    }
    return this.#values.get(nodeOf(name)) ?? this.#missing(name, user);
  }

  constantOf(name: string): Constant | undefined {
    const value = this.#values.get(name);
    return value?.is === 'constant' ? value.constant : undefined;
  }

  onlyUser({ name }: GraphNode): GraphNode | undefined {
    const [user, ...others] = this.#users.get(name) ?? [];
    return others.length > 0 || this.#outputs.includes(name) ? undefined : user;
  }

  setValue({ name }: GraphNode, value: TensorflowValue): void {
    this.#values.set(name, value);
  }

  shapeOf(layer: string): FeatureShape {
    const shape = this.#imported.shapeOf(layer);
    // A layer before that one cannot take its inputs: told of where it is.
    if (shape.length === 0) {
      const { layers } = this.#imported;
      inferShapes({ input: this.#size.input, layers, outputs: [layer] }, this.file);
    }
    return shape;
  }

  add(layer: LayerNode, parameters: Readonly<Record<string, LayerParameter>>): string {
    const names = Object.entries(parameters).map(([suffix, parameter]) => {
      return [suffix, this.#parameter(`${layer.name}_${suffix}`, parameter)] as const;
    });
    const unusual = names.filter(([suffix, name]) => name !== `${layer.name}_${suffix}`);
    return this.#imported.add(unusual.length === 0 ? layer : { ...layer, parameterNames: Object.fromEntries(unusual) });
  }

  /** Named as in the file, unless another layer uses the same constant already. */
  #parameter(usual: string, { name = usual, dims, values }: LayerParameter): string {
    const free = this.#parameterNames.has(name) ? usual : name;
    this.#parameterNames.add(free);
    this.#arrays.push({ name: free, shape: dims, values });
    return free;
  }

  #operation(node: GraphNode): TensorflowValue {
    const { name, op: type } = node;
    const reader = Object.hasOwn(operators, type) ? operators[type] : undefined;
    if (reader === undefined) return fail(failures.unknownOperator({ name, type, hint }, { file: this.file }));
    return reader(new GraphNodeReader(node, this));
  }

  #missing(value: string, { name, op: type }: GraphNode): never {
    return fail(failures.missingValue({ name, type, value }, { file: this.file }));
  }

  /** Those that are asked for, by the names of outputs or of nodes; else those that the file states, or that no node takes. */
  #outputNodes(asked: readonly string[] | undefined): readonly string[] {
    const { nodes, signature } = this.#model;
    const stated = Object.entries(signature?.outputs ?? {});
    if (asked !== undefined) {
      return asked.map((name) => {
        const node = nodeOf(stated.find(([key]) => key === name)?.[1].name ?? name);
        if (this.#nodes.has(node)) return node;
        const known = [...stated.map(([key]) => key), ...this.#nodes.keys()];
        return fail(failures.unknownValue({ name, known }, { file: this.file }));
      });
    }
    if (stated.length > 0) return stated.map(([, { name }]) => nodeOf(name));
    const taken = new Set(nodes.flatMap(({ inputs }) => inputs.map(nodeOf)));
    return nodes.filter(({ name, op }) => op !== 'Const' && !taken.has(name)).map(({ name }) => name);
  }

  /** The nodes that the outputs depend on, each after those that it takes; in the file they may stand in any order. */
  #sorted(): readonly GraphNode[] {
    const sorted = new Set<GraphNode>();
    const begun = new Set<string>();
    const waiting = [...this.#outputs].reverse();
    for (let name = waiting.at(-1); name !== undefined; name = waiting.at(-1)) {
      const node = this.#nodes.get(name);
      const missing = begun.has(name) ? [] : (node?.inputs ?? []).map(nodeOf).filter((each) => !begun.has(each));
      begun.add(name);
      waiting.push(...missing.filter((each) => !each.startsWith('^')).reverse());
      if (missing.length > 0) continue;
      waiting.pop();
      if (node !== undefined) sorted.add(node);
    }
    return [...sorted];
  }

  #inputNode(): GraphNode {
    const [input, ...others] = this.#order.filter(({ op }) => op.startsWith('Placeholder'));
    if (input !== undefined && others.length === 0) return input;
    const found = input === undefined ? 'none' : [input, ...others].map(({ name }) => name).join(', ');
    return fail(failures.unsupportedInput({ expected: 'one input, the images', found }, { file: this.file }));
  }

  #sizeOf({ name, attributes }: GraphNode, options: ModelReadOptions): ImageSizeRead {
    const own = sizesOf(attributes['shape']?.['shape']);
    const stated = Object.values(this.#model.signature?.inputs ?? {}).find((tensor) => nodeOf(tensor.name) === name);
    const sizes = own.length > 0 ? own : (stated?.shape ?? []);
    if (sizes.length !== 4) {
      const facts = { expected: `input "${name}" to be images of four dimensions`, found: String(sizes.length) };
      fail(failures.unsupportedInput(facts, { file: this.file }));
    }
    const [, height, width, channels] = sizes;
    return statedOrAssumed({ channels, height, width }, options.input, this.file);
  }
}
