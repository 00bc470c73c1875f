import { fail } from '../../../../core/failure.ts';
import type { MxnetEntry, MxnetNode, MxnetSymbol } from '../../../codec/mxnet/mxnet-symbol.ts';
import { failures } from '../../failures.ts';
import { type Graph, inputName, type LayerNode } from '../../graph/graph.ts';
import { reachable } from '../../graph/reachable.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import type { Pair } from '../../graph/layers/window.ts';
import type { NamedArray } from '../../model/model.ts';
import { batchMeanNote, ImportedGraph } from '../imported-graph.ts';
import { normChainEndingAt } from './norm-chain.ts';
import { type GraphUnderConstruction, OperatorNode } from './operator-node.ts';
import { harmlessAttributes, operators } from './operators.ts';

export interface SymbolReadOptions {
  readonly file: string;
  readonly heads: readonly MxnetEntry[];
  readonly input: Graph['input'];
}

/**
 * The part of a symbol that its heads depend on, as a graph. Fails with `unknown-operator` and `unsupported-operator`,
 * naming the node.
 */
export function readSymbol(symbol: MxnetSymbol, options: SymbolReadOptions): ReadSymbol {
  return new SymbolReader(symbol, options).read();
}

export interface ReadSymbol {
  readonly graph: Graph;
  /** Names of the variables that are parameters of the graph. */
  readonly parameters: ReadonlySet<string>;
  /** Parameters of which a single value counts so often. */
  readonly scalars: ReadonlyMap<string, number>;
  /** Weights of windows whose cells are apart: how far down and across. */
  readonly dilations: ReadonlyMap<string, Pair>;
  /** Parameters that are no arrays of the file. */
  readonly constants: readonly NamedArray[];
  /** For people: where the file was not read by the letter. */
  readonly notes: readonly string[];
}

class SymbolReader implements GraphUnderConstruction {
  readonly file: string;
  readonly #symbol: MxnetSymbol;
  readonly #options: SymbolReadOptions;
  readonly #graph: ImportedGraph;
  /** Layers of the outputs of each node. */
  readonly #values = new Map<number, readonly string[]>();
  /** Nodes without a layer of their own: they are part of a chain that is one. */
  readonly #within = new Set<number>();
  readonly #parameters = new Set<string>();
  readonly #scalars = new Map<string, number>();
  readonly #dilations = new Map<string, Pair>();
  readonly #constants: NamedArray[] = [];
  readonly #notes: string[] = [];
  /** The variable that is the image: `data`, or the first that is used as a value. */
  #data: string | undefined;

  constructor(symbol: MxnetSymbol, options: SymbolReadOptions) {
    this.#symbol = symbol;
    this.#options = options;
    this.file = options.file;
    this.#data = symbol.nodes.find(({ op, name }) => op === 'null' && name === inputName)?.name;
    this.#graph = new ImportedGraph(options.input);
  }

  read(): ReadSymbol {
    const { heads, input } = this.#options;
    const needed = reachableNodes(this.#symbol, heads);
    const chains = new Map(needed.map((id) => [id, normChainEndingAt(this.#symbol, id)] as const));
    for (const chain of chains.values()) for (const id of chain?.inner ?? []) this.#within.add(id);
    for (const id of needed) {
      const node = this.#symbol.nodes[id];
      if (node === undefined || node.op === 'null' || this.#within.has(id)) continue;
      const chain = chains.get(id);
      if (chain?.isOverBatch === true) this.#notes.push(batchMeanNote(node.name));
      this.#values.set(id, chain === undefined ? this.#operator(node) : [this.#chain(node, chain.input)]);
    }
    const outputs = heads.map((head) => this.valueOf(head) ?? inputName);
    const graph = { input, layers: this.#graph.layers, outputs };
    const [parameters, scalars, constants] = [this.#parameters, this.#scalars, this.#constants];
    return { graph, parameters, scalars, constants, dilations: this.#dilations, notes: this.#notes };
  }

  valueOf({ node: id, output }: MxnetEntry): string | undefined {
    const node = this.#symbol.nodes[id];
    if (node === undefined) return undefined;
    if (node.op !== 'null') return this.#values.get(id)?.[output] ?? this.#refuseOutput(node, output);
    this.#data ??= node.name;
    return node.name === this.#data ? inputName : undefined;
  }

  variableOf({ node: id }: MxnetEntry): string | undefined {
    const node = this.#symbol.nodes[id];
    return node?.op === 'null' ? node.name : undefined;
  }

  useParameter(name: string, spread?: number): void {
    this.#parameters.add(name);
    if (spread !== undefined) this.#scalars.set(name, spread);
  }

  spreadParameter(name: string, dilation: Pair): void {
    this.#dilations.set(name, dilation);
  }

  shapeOf(layer: string): FeatureShape {
    return this.#graph.shapeOf(layer);
  }

  add(layer: LayerNode): string {
    return this.#graph.add(layer);
  }

  addConstant(array: NamedArray): void {
    this.#constants.push(array);
  }

  #operator(node: MxnetNode): readonly string[] {
    const reader = Object.hasOwn(operators, node.op) ? operators[node.op] : undefined;
    if (reader !== undefined) {
      const reading = new OperatorNode(node, this);
      const values = reader(reading);
      reading.attributes.checkAllRead(harmlessAttributes[node.op] ?? []);
      return values;
    }
    const { name, op: type } = node;
    const hint =
      'Export the network as .onnx (mx.onnx.export_model), which the engine onnxruntime runs as it is; or, if what follows is not needed, name an output before that node.';
    fail(failures.unknownOperator({ name, type, known: Object.keys(operators), hint }, { file: this.file }));
  }

  #chain(node: MxnetNode, input: NormChainInput): string {
    const value = this.valueOf({ ...input, version: 0 }) ?? inputName;
    return this.add({ name: node.name, kind: 'equalize-norms', inputs: [value], attributes: {} });
  }

  /** The statistics of a batch and the mask of a dropout are outputs too. */
  #refuseOutput(node: MxnetNode, output: number): never {
    const { name, op: type } = node;
    fail(failures.outputOfOperator({ output, node: { name, type } }, { file: this.file }));
  }
}

type NormChainInput = Pick<MxnetEntry, 'node' | 'output'>;

/** Ids of the nodes that the heads depend on, in the order of the file. */
function reachableNodes({ nodes }: MxnetSymbol, heads: readonly MxnetEntry[]): number[] {
  const ids = nodes.map((_, id) => id);
  const nodesOf = (entries: readonly MxnetEntry[] = []): number[] => entries.map(({ node }) => node);
  return reachable(ids, nodesOf(heads), { inputs: (id) => nodesOf(nodes[id]?.inputs), outputs: (id) => [id] });
}
