import { fail } from '../../../../core/failure.ts';
import type { OnnxAttribute, OnnxNode } from '../../../codec/onnx/onnx-messages.ts';
import { failures } from '../../failures.ts';
import type { AddLayer } from '../composed-layers.ts';
import { layerNode, type LayerNode, type UnnamedLayer } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import type { Pair } from '../../graph/layers/window.ts';
import { type Constant, floatsOf } from './constant.ts';

/** What a value of an ONNX graph is: that of a layer, or numbers that are known beforehand. */
export type OnnxValue =
  | { readonly is: 'layer'; readonly layer: string }
  | { readonly is: 'constant'; readonly constant: Constant }
  /** Means over whole windows where some are cut; the factors turn them into the layer's value. */
  | { readonly is: 'whole-means'; readonly layer: string; readonly factors: Float32Array }
  /** The norm of a layer's channels, on the way into the division of the layer by it; its square, or one over it. */
  | { readonly is: 'norm'; readonly of: string; readonly form: 'norm' | 'square' | 'inverse' }
  /** A layer with zeros around it, which windows that follow may take as their padding. */
  | { readonly is: 'padded'; readonly layer: string; readonly begin: Pair; readonly end: Pair }
  /** The sizes of a value, on the way into a Reshape; the batch is not known. */
  | { readonly is: 'sizes'; readonly sizes: readonly (number | 'batch')[] };

/** What the readers of operators need to know of the graph under construction. */
export interface GraphUnderConstruction {
  readonly file: string;
  /** Version of the standard operators that the file uses: some mean another thing in an older one. */
  readonly opset: number;
  /** Adds a sentence for people about what was assumed. */
  note(text: string): void;
  /** Images at a time, where the file states a number. */
  readonly batch: number | undefined;
  /** Layers whose values the file has as NHWC. */
  readonly channelsLast: Set<string>;
  valueOf(name: string, user: OnnxNode): OnnxValue | undefined;
  shapeOf(layer: string): FeatureShape;
  /** Adds a layer; parameters go with it by suffix. */
  add(layer: LayerNode, parameters: Readonly<Record<string, LayerParameter>>): string;
  /** Layer names begin with this: the name of the node, or of its value. */
  nameOf(node: OnnxNode): string;
}

/** The name that a parameter has in the file, and what it holds in MXNet's layout. */
export type LayerParameter = Constant & { readonly values: Float32Array };

export function parameterOf(constant: Constant, dims = constant.dims): LayerParameter {
  return { name: constant.name, dims, values: floatsOf(constant) };
}

/** A node on its way to becoming a layer. */
export class OnnxNodeReader {
  readonly #node: OnnxNode;
  readonly #graph: GraphUnderConstruction;
  readonly #asked = new Set<string>();
  readonly #taken = new Set<number>();

  constructor(node: OnnxNode, graph: GraphUnderConstruction) {
    this.#node = node;
    this.#graph = graph;
  }

  get op(): string {
    return this.#node.opType ?? '';
  }

  get file(): string {
    return this.#graph.file;
  }

  get outputCount(): number {
    return this.#node.outputs.length;
  }

  get inputCount(): number {
    return this.#node.inputs.length;
  }

  value(index: number): OnnxValue | undefined {
    this.#taken.add(index);
    const name = this.#node.inputs[index];
    return name === undefined || name === '' ? undefined : this.#graph.valueOf(name, this.#node);
  }

  layerInput(index: number): string {
    const value = this.value(index);
    return value?.is === 'layer' ? value.layer : this.refuse(`a computed value as input ${index}`);
  }

  constant(index: number): Constant {
    return this.optionalConstant(index) ?? this.refuse(`a constant as input ${index}`);
  }

  optionalConstant(index: number): Constant | undefined {
    const value = this.value(index);
    if (value === undefined) return undefined;
    return value.is === 'constant' ? value.constant : this.refuse(`a constant as input ${index}`);
  }

  shapeOf(layer: string): FeatureShape {
    return this.#graph.shapeOf(layer);
  }

  /** Whether the file has the value with its channels last: the images, and what is computed of them element by element. */
  isChannelsLast(layer: string): boolean {
    return this.#graph.channelsLast.has(layer);
  }

  /** Notes the same of a value of this node. */
  keepsChannelsLast(value: OnnxValue): OnnxValue {
    if (value.is === 'layer') this.#graph.channelsLast.add(value.layer);
    return value;
  }

  integer(name: string, otherwise: number): number {
    const attribute = this.#attributeOf(name, 'integer');
    // A writer of protobuf may leave a value of 0 out.
    return attribute === undefined ? otherwise : (attribute.i ?? 0);
  }

  float(name: string, otherwise: number): number {
    const attribute = this.#attributeOf(name, 'float');
    return attribute === undefined ? otherwise : (attribute.f ?? 0);
  }

  integers(name: string): readonly number[] | undefined {
    const ints = this.#attributeOf(name, 'integers')?.ints;
    return ints === undefined || ints.length === 0 ? undefined : ints;
  }

  text(name: string, otherwise: string): string {
    const attribute = this.#attributeOf(name, 'text');
    return attribute === undefined ? otherwise : Buffer.from(attribute.s ?? []).toString('latin1');
  }

  pair(name: string, otherwise: Pair): Pair {
    const [height, width, ...others] = this.integers(name) ?? otherwise;
    if (height === undefined || width === undefined || others.length > 0) return this.refuse(`${name} of two numbers`);
    return [height, width];
  }

  get opset(): number {
    return this.#graph.opset;
  }

  get batch(): number | undefined {
    return this.#graph.batch;
  }

  note(text: string): void {
    this.#graph.note(`Node "${this.#graph.nameOf(this.#node)}" (${this.op}): ${text}`);
  }

  /** Fails with `unsupported-operator` if the node has an attribute that was not asked for, and is not among `harmless`. */
  checkAllRead(harmless: readonly string[]): void {
    const ignored = this.#node.attributes.find(({ name = '' }) => !this.#asked.has(name) && !harmless.includes(name));
    if (ignored !== undefined) this.refuse(`no attribute "${ignored.name ?? ''}", whose meaning is not known here`);
    const unused = this.#node.inputs.findIndex((name, index) => name !== '' && !this.#taken.has(index));
    if (unused >= 0) this.refuse(`no input ${unused}, whose meaning is not known here`);
  }

  attribute(name: string): OnnxAttribute | undefined {
    this.#asked.add(name);
    const [attribute, ...others] = this.#node.attributes.filter((each) => each.name === name);
    return others.length > 0 ? this.refuse(`attribute "${name}" once`) : attribute;
  }

  /** Of another type it would count as one that is left out. */
  #attributeOf(name: string, type: keyof typeof attributeTypes): OnnxAttribute | undefined {
    const attribute = this.attribute(name);
    const { type: found = 0 } = attribute ?? {};
    return found === 0 || found === attributeTypes[type]
      ? attribute
      : this.refuse(`attribute "${name}" of type ${type}`);
  }

  layer<Kind extends LayerKind>(
    layer: UnnamedLayer<Kind>,
    parameters: Readonly<Record<string, LayerParameter>> = {},
  ): OnnxValue {
    const node = layerNode({ name: this.#graph.nameOf(this.#node), ...layer });
    return { is: 'layer', layer: this.#graph.add(node, parameters) };
  }

  /** One of several layers that the node becomes. */
  part<Kind extends LayerKind>(part: string, layer: UnnamedLayer<Kind>): OnnxValue {
    return { is: 'layer', layer: this.step(part, layer) };
  }

  /** The same; returns its name. */
  step<Kind extends LayerKind>(part: string, layer: UnnamedLayer<Kind>): string {
    return this.#graph.add(layerNode({ name: `${this.#graph.nameOf(this.#node)}_${part}`, ...layer }), {});
  }

  /** For what is made of several layers. */
  readonly adding: AddLayer = (part, layer) => {
    const own = this.#graph.nameOf(this.#node);
    return this.#graph.add(layerNode({ name: part === undefined ? own : `${own}_${part}`, ...layer }), {});
  };

  refuse(expected: string): never {
    const facts = { name: this.#graph.nameOf(this.#node), type: this.op, expected, hint: runAsItIs };
    fail(failures.unsupportedOperator(facts, { file: this.#graph.file }));
  }
}

/** Numbers of onnx.proto's AttributeProto.AttributeType; 0: the file leaves it out. */
const attributeTypes = { float: 1, integer: 2, text: 3, integers: 7 } as const;

const runAsItIs = 'The engine onnxruntime runs the file as it is.';
