import { fail } from '../../../../core/failure.ts';
import type { MxnetEntry, MxnetNode } from '../../../codec/mxnet/mxnet-symbol.ts';
import { failures } from '../../failures.ts';
import type { AddLayer } from '../composed-layers.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { layerNode, type LayerNode, type UnnamedLayer } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { NamedArray } from '../../model/model.ts';
import type { Pair } from '../../graph/layers/window.ts';

/** What an operator needs to know of the graph under construction. */
export interface GraphUnderConstruction {
  readonly file: string;
  /** The layer whose value enters by this edge; undefined if that is a variable other than the image. */
  valueOf(entry: MxnetEntry): string | undefined;
  /** The variable at the other end of this edge, if it is one. */
  variableOf(entry: MxnetEntry): string | undefined;
  shapeOf(layer: string): FeatureShape;
  /** Notes that a variable is a parameter of a layer; `spread`: how often a single value of it counts. */
  useParameter(name: string, spread?: number): void;
  /** Notes that the weight of a convolution belongs to cells that are so far apart. */
  spreadParameter(name: string, dilation: Pair): void;
  add(layer: LayerNode): string;
  /** A parameter that the file has as an attribute. */
  addConstant(array: NamedArray): void;
}

/** An operator of a symbol on its way to becoming a layer. Inputs and parameters are found by edges, not by names. */
export class OperatorNode {
  readonly attributes: NodeAttributes;
  readonly #node: MxnetNode;
  readonly #graph: GraphUnderConstruction;

  constructor(node: MxnetNode, graph: GraphUnderConstruction) {
    this.#node = node;
    this.#graph = graph;
    this.attributes = new NodeAttributes(node, graph.file);
  }

  get op(): string {
    return this.#node.op;
  }

  value(index: number): string {
    const entry = this.#entry(index);
    const value = this.#graph.valueOf(entry);
    if (value !== undefined) return value;
    return this.#refuse(`input ${index} that is computed, found variable "${this.#graph.variableOf(entry) ?? '?'}"`);
  }

  values(): string[] {
    return this.#node.inputs.map((_, index) => this.value(index));
  }

  shapeOf(layer: string): FeatureShape {
    return this.#graph.shapeOf(layer);
  }

  /** A layer with the name of the node; `suffixes`: its parameters, which are the inputs after those of the layer; `spread`: values
   * that a single one is spread over. */
  layer<Kind extends LayerKind>(layer: UnnamedLayer<Kind>, suffixes: readonly string[] = [], spread?: number): string {
    const { name } = this.#node;
    const named = suffixes.map(
      (suffix, index) => [suffix, this.#parameter(layer.inputs.length + index, spread)] as const,
    );
    const unusual = named.filter(([suffix, parameter]) => parameter !== `${name}_${suffix}`);
    const parameterNames = unusual.length === 0 ? {} : { parameterNames: Object.fromEntries(unusual) };
    return this.#graph.add(layerNode({ name, ...layer, ...parameterNames }));
  }

  /** The weight of this convolution is of a window whose cells are so far apart. */
  spreadWeight(dilation: Pair): void {
    this.#graph.spreadParameter(this.#parameter(1, undefined), dilation);
  }

  /** A PReLU of one slope, which the node states. */
  leaky(input: string, slope: number): string {
    const [channels = 1] = this.shapeOf(input);
    const { name } = this.#node;
    this.#graph.addConstant({
      name: `${name}_gamma`,
      shape: [channels],
      values: new Float32Array(channels).fill(slope),
    });
    return this.#graph.add({ name, kind: 'prelu', inputs: [input], attributes: {} });
  }

  /** One of several layers that the node becomes. */
  part<Kind extends LayerKind>(part: string, layer: UnnamedLayer<Kind>): string {
    return this.#graph.add(layerNode({ name: `${this.#node.name}_${part}`, ...layer }));
  }

  /** For what is made of several layers. */
  readonly adding: AddLayer = (part, layer) => (part === undefined ? this.layer(layer) : this.part(part, layer));

  /** A layer whose weight follows from attributes of the node. */
  weighted<Kind extends LayerKind>(layer: UnnamedLayer<Kind>, weight: Pick<NamedArray, 'shape' | 'values'>): string {
    const { name } = this.#node;
    this.#graph.addConstant({ name: `${name}_weight`, ...weight });
    return this.#graph.add(layerNode({ name, ...layer }));
  }

  #parameter(index: number, spread: number | undefined): string {
    const name = this.#graph.variableOf(this.#entry(index));
    if (name === undefined) return this.#refuse(`a parameter as input ${index}, found a computed value`);
    this.#graph.useParameter(name, spread);
    return name;
  }

  #entry(index: number): MxnetEntry {
    const entry = this.#node.inputs[index];
    return entry ?? this.#refuse(`more than ${this.#node.inputs.length} inputs`);
  }

  #refuse(expected: string): never {
    refuse(this.#node, expected, this.#graph.file);
  }
}

/**
 * The attributes of an operator: texts in whatever way a version of MXNet or Python spelt them, "(3, 3)", "(3L,3L)",
 * "[3, 3]", "3", "True", "1". A missing one has MXNet's default. Fails with `unsupported-operator`, naming the node.
 */
export class NodeAttributes {
  readonly #node: MxnetNode;
  readonly #file: string;
  readonly #asked = new Set<string>();

  constructor(node: MxnetNode, file: string) {
    this.#node = node;
    this.#file = file;
  }

  integer(name: string, otherwise?: number): number {
    const text = this.#text(name);
    if (text === undefined) return otherwise ?? this.refuse(name, 'an integer', 'nothing');
    const value = Number(text.replace(/L$/, ''));
    return Number.isSafeInteger(value) ? value : this.refuse(name, 'an integer', text);
  }

  number(name: string, otherwise?: number): number {
    const text = this.#text(name);
    if (text === undefined) return otherwise ?? this.refuse(name, 'a number', 'nothing');
    const value = Number(text);
    return Number.isFinite(value) ? value : this.refuse(name, 'a number', text);
  }

  flag(name: string, otherwise: boolean): boolean {
    const text = this.#text(name)?.toLowerCase();
    if (text === undefined) return otherwise;
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : this.refuse(name, 'True or False', text);
  }

  /** Height and width; both are the one number where there is only one. */
  pair(name: string, otherwise?: Pair): Pair {
    const list = this.list(name);
    if (list === undefined || list.length === 0) {
      return otherwise ?? this.refuse(name, 'two integers', 'nothing');
    }
    const [height, width = height, ...others] = list;
    if (height === undefined || width === undefined || others.length > 0) {
      return this.refuse(name, 'two integers (height, width)', list.join(', '));
    }
    return [height, width];
  }

  list(name: string): readonly number[] | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const items = text.replace(/^[([]|[)\]]$/g, '').split(',');
    const values = items.filter((item) => item.trim() !== '').map((item) => Number(item.trim().replace(/L$/, '')));
    return values.every(Number.isSafeInteger) ? values : this.refuse(name, 'a list of integers', text);
  }

  choice<Choice extends string>(name: string, of: readonly Choice[], otherwise: string): Choice {
    const text = this.#text(name) ?? otherwise;
    return of.find((choice) => choice === text) ?? this.refuse(name, of.join(' or '), text);
  }

  /** Fails unless the attribute has the only value that there is a layer for. */
  only(name: string, value: string, otherwise = value): void {
    this.choice(name, [value], otherwise);
  }

  refuse(name: string, expected: string, found: string): never {
    refuse(this.#node, `${name} ${expected}, found ${found}`, this.#file);
  }

  /**
   * Fails with `unsupported-operator` if the node has an attribute that was not asked for and is not known to change
   * nothing: `harmless`, what MXNet itself lets users note on any node, and settings of its kernels.
   */
  checkAllRead(harmless: readonly string[]): void {
    for (const [name, value] of Object.entries(this.#node.attrs)) {
      const isKnown = this.#asked.has(name) || harmless.includes(name) || noteAttribute.test(name);
      if (isKnown || value.trim() === 'None') continue;
      refuse(this.#node, `no attribute "${name}", whose meaning is not known here, found ${value}`, this.#file);
    }
  }

  /** `None` is how Python spells an attribute that is not there. */
  #text(name: string): string | undefined {
    this.#asked.add(name);
    const text = this.#node.attrs[name]?.trim();
    return text === 'None' ? undefined : text;
  }
}

/** Notes for optimisers and devices (`__lr_mult__`, old files: `lr_mult`, `weight_wd_mult`), and settings of kernels. */
const noteAttribute =
  /^(__.*__|(\w+_)?(lr_mult|wd_mult)|ctx_group|force_mirroring|mirror_stage|workspace|cudnn_\w+|num_args)$/;

function refuse({ name, op }: MxnetNode, expected: string, file: string): never {
  fail(failures.unsupportedOperator({ name, type: op, expected }, { file }));
}
