import { fail } from '../../../../core/failure.ts';
import type { MxnetEntry, MxnetNode } from '../../../codec/mxnet/mxnet-symbol.ts';
import type { LayerNode, LayerNodeOf } from '../../graph/graph.ts';
import type { AttributesOf, LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
import { NodeAttributes } from './node-attributes.ts';

/** What an operator needs to know of the graph that is being made. */
export interface GraphUnderConstruction {
  readonly file: string;
  /** The layer whose value enters by this edge; undefined where a variable does that is not the image. */
  valueOf(entry: MxnetEntry): string | undefined;
  /** The variable at the other end of this edge, if it is one. */
  variableOf(entry: MxnetEntry): string | undefined;
  shapeOf(layer: string): FeatureShape;
  /** Notes that a variable is a parameter of a layer. */
  useParameter(name: string): void;
  add(layer: LayerNode): string;
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

  /** A layer with the name of the node; `suffixes`: its parameters, which are the inputs after those given. */
  layer<Kind extends LayerKind>(
    kind: Kind,
    inputs: readonly string[],
    attributes: AttributesOf<Kind>,
    suffixes: readonly string[] = [],
  ): string {
    const { name } = this.#node;
    const named = suffixes.map((suffix, index) => [suffix, this.#parameter(inputs.length + index)] as const);
    const unusual = named.filter(([suffix, parameter]) => parameter !== `${name}_${suffix}`);
    return this.#add({
      name,
      kind,
      inputs,
      attributes,
      ...(unusual.length === 0 ? {} : { parameterNames: Object.fromEntries(unusual) }),
    });
  }

  /** One of several layers that the node becomes. */
  part<Kind extends LayerKind>(
    part: string,
    kind: Kind,
    inputs: readonly string[],
    attributes: AttributesOf<Kind>,
  ): string {
    return this.#add({ name: `${this.#node.name}_${part}`, kind, inputs, attributes });
  }

  #add<Kind extends LayerKind>(layer: LayerNodeOf<Kind>): string {
    // TypeScript does not see that a node of one kind is a node of any kind.
    return this.#graph.add(layer as unknown as LayerNode);
  }

  #parameter(index: number): string {
    const name = this.#graph.variableOf(this.#entry(index));
    if (name === undefined) return this.#refuse(`a parameter as input ${index}, found a computed value`);
    this.#graph.useParameter(name);
    return name;
  }

  #entry(index: number): MxnetEntry {
    const entry = this.#node.inputs[index];
    return entry ?? this.#refuse(`more than ${this.#node.inputs.length} inputs`);
  }

  #refuse(expected: string): never {
    fail({
      code: 'unsupported-operator',
      message: `Node "${this.#node.name}" (${this.#node.op}) must have ${expected}.`,
      at: { file: this.#graph.file },
    });
  }
}
