import { fail } from '../../../../core/failure.ts';
import { isJsonObject } from '../../../codec/json-text.ts';
import { type GraphNode } from '../../../codec/tfjs/graph-model.ts';
import { failures } from '../../failures.ts';
import type { AddLayer } from '../composed-layers.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { layerNode, type LayerNode, type UnnamedLayer } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { Pair } from '../../graph/layers/window.ts';
import type { Constant, Step, TensorflowValue } from './tensorflow-value.ts';

/** Values of a parameter with their shape, in MXNet's layout; `name`: that of the constant, if it holds them. */
export interface LayerParameter {
  readonly name?: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

type Parameters = Readonly<Record<string, LayerParameter>>;

/** What the readers of operations need to know of the graph under construction. */
export interface GraphUnderConstruction {
  readonly file: string;
  valueOf(name: string, user: GraphNode): TensorflowValue;
  /** Undefined for values that are computed. */
  constantOf(name: string): Constant | undefined;
  shapeOf(layer: string): FeatureShape;
  add(layer: LayerNode, parameters: Parameters): string;
  /** The only node that takes the value of a node which is no result. */
  onlyUser(node: GraphNode): GraphNode | undefined;
  /** A node whose value is known already, since it is part of what was read before it. */
  setValue(node: GraphNode, value: TensorflowValue): void;
}

/** A node on its way to becoming a layer. */
export class GraphNodeReader {
  readonly #node: GraphNode;
  readonly #graph: GraphUnderConstruction;

  constructor(node: GraphNode, graph: GraphUnderConstruction) {
    this.#node = node;
    this.#graph = graph;
  }

  get op(): string {
    return this.#node.op;
  }

  /** Without those that only fix an order. */
  get inputs(): readonly string[] {
    return this.#node.inputs.filter((name) => !name.startsWith('^'));
  }

  value(index: number): TensorflowValue {
    const name = this.inputs[index];
    return name === undefined ? this.refuse(`an input ${index}`) : this.#graph.valueOf(name, this.#node);
  }

  layerInput(index: number): string {
    const value = this.value(index);
    return value.is === 'layer' ? value.layer : this.refuse(`a computed value as input ${index}`);
  }

  constant(index: number): Constant {
    const value = this.value(index);
    return value.is === 'constant' ? value.constant : this.refuse(`a constant as input ${index}`);
  }

  integers(index: number): readonly number[] {
    return [...this.constant(index).values];
  }

  /** Axes that an operation takes, of a value of so many, from the first. */
  axes(index: number, count: number): readonly number[] {
    return this.integers(index)
      .map((axis) => (axis + count) % count)
      .sort((left, right) => left - right);
  }

  shapeOf(layer: string): FeatureShape {
    return this.#graph.shapeOf(layer);
  }

  /** The size of a layer that has one. */
  sizeOf(layer: string): Pair {
    const [, height, width] = this.shapeOf(layer);
    return height === undefined || width === undefined ? this.refuse('images as input') : [height, width];
  }

  text(name: string, otherwise: string): string {
    const value = this.#node.attributes[name]?.['s'];
    return value === undefined ? otherwise : this.#decoded(name, value);
  }

  texts(name: string): readonly string[] {
    return this.#list(name, 's').map((each) => this.#decoded(name, each));
  }

  list(name: string): readonly number[] {
    return this.#list(name, 'i').map(Number);
  }

  number(name: string, otherwise: number): number {
    const { i, f } = this.#node.attributes[name] ?? {};
    const value = i ?? f;
    return value === undefined ? otherwise : Number(value);
  }

  flag(name: string): boolean {
    return this.#node.attributes[name]?.['b'] === true;
  }

  /** Height and width of a list of four numbers in NHWC. */
  window(name: string): Pair {
    const [images = 1, height = 1, width = 1, channels = 1, ...others] = this.list(name);
    if (images !== 1 || channels !== 1 || others.length > 0) return this.refuse(`${name} of height and width alone`);
    if (![height, width].every((step) => Number.isSafeInteger(step) && step > 0)) {
      return this.refuse(`${name} of whole numbers above 0`);
    }
    return [height, width];
  }

  layer<Kind extends LayerKind>(layer: UnnamedLayer<Kind>, parameters: Parameters = {}): TensorflowValue {
    return this.#add(this.#node.name, layer, parameters);
  }

  /** One of several layers that the node becomes; returns its name. */
  part<Kind extends LayerKind>(part: string, layer: UnnamedLayer<Kind>, parameters: Parameters = {}): string {
    return this.#graph.add(layerNode({ name: `${this.#node.name}_${part}`, ...layer }), parameters);
  }

  step(is: Step, of: string): TensorflowValue {
    return { is, of };
  }

  /** For what is made of several layers: the last of them, which is no part, has the name of the node. */
  readonly adding: AddLayer = (part, layer) => {
    const own = this.#node.name;
    return this.#graph.add(layerNode({ name: part === undefined ? own : `${own}_${part}`, ...layer }), {});
  };

  /**
   * What this node and the only one that takes its value, of one of the operations, are together. `take` gets that one, and the
   * constant that it takes besides, if it does; it returns undefined if the two are no layer together. The layer has the second's name.
   */
  with(
    ops: readonly string[],
    take: (user: GraphNodeReader, constant: Constant | undefined) => TensorflowValue | undefined,
  ): TensorflowValue | undefined {
    const user = this.#graph.onlyUser(this.#node);
    if (user === undefined || !ops.includes(user.op)) return undefined;
    const other = user.inputs.find((name) => nodeOf(name) !== this.#node.name);
    const constant = other === undefined ? undefined : this.#graph.constantOf(nodeOf(other));
    const value = take(new GraphNodeReader(user, this.#graph), constant);
    if (value !== undefined) this.#graph.setValue(user, value);
    return value;
  }

  checkLayout(): void {
    if (this.text('data_format', 'NHWC') !== 'NHWC') this.refuse('data_format NHWC');
  }

  refuse(expected: string): never {
    const { name, op: type } = this.#node;
    return fail(failures.unsupportedOperator({ name, type, expected, hint }, { file: this.#graph.file }));
  }

  #add<Kind extends LayerKind>(name: string, layer: UnnamedLayer<Kind>, parameters: Parameters): TensorflowValue {
    return { is: 'layer', layer: this.#graph.add(layerNode({ name, ...layer }), parameters) };
  }

  #list(name: string, of: 's' | 'i'): readonly unknown[] {
    const list = this.#node.attributes[name]?.['list'];
    const values = isJsonObject(list) ? list[of] : undefined;
    return Array.isArray(values) ? values : [];
  }

  /** Base64, or numbers of bytes as older converters wrote them. */
  #decoded(name: string, value: unknown): string {
    if (typeof value === 'string') return Buffer.from(value, 'base64').toString('latin1');
    return Array.isArray(value) ? String.fromCharCode(...value.map(Number)) : this.refuse(`a text as ${name}`);
  }
}

/** The node of whose outputs one is named: `conv` of `conv` and of `conv:0`. */
export function nodeOf(name: string): string {
  return name.split(':', 1)[0] ?? name;
}

export const hint = 'TensorFlow.js runs the file as it is; or name an output before that node.';
