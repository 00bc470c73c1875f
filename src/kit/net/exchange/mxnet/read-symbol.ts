import { didYouMean } from '../../../../core/did-you-mean.ts';
import { fail } from '../../../../core/failure.ts';
import type { MxnetEntry, MxnetNode, MxnetSymbol } from '../../../codec/mxnet/mxnet-symbol.ts';
import { type Graph, inputName, type LayerNode } from '../../graph/graph.ts';
import { definitionOf } from '../../graph/infer-shapes.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
import { normChainEndingAt } from './norm-chain.ts';
import { type GraphUnderConstruction, OperatorNode } from './operator-node.ts';
import { operators } from './operators.ts';

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
}

class SymbolReader implements GraphUnderConstruction {
  readonly file: string;
  readonly #symbol: MxnetSymbol;
  readonly #options: SymbolReadOptions;
  readonly #layers: LayerNode[] = [];
  readonly #shapes = new Map<string, FeatureShape>();
  /** Layers of the outputs of each node. */
  readonly #values = new Map<number, readonly string[]>();
  /** Nodes without a layer of their own: they are part of a chain that is one. */
  readonly #within = new Set<number>();
  readonly #parameters = new Set<string>();
  /** The variable that is the image: `data`, or the first that is used as a value. */
  #data: string | undefined;

  constructor(symbol: MxnetSymbol, options: SymbolReadOptions) {
    this.#symbol = symbol;
    this.#options = options;
    this.file = options.file;
    this.#data = symbol.nodes.find(({ op, name }) => op === 'null' && name === inputName)?.name;
    const { channels, height, width } = options.input;
    this.#shapes.set(inputName, [channels, height, width]);
  }

  read(): ReadSymbol {
    const { heads, input } = this.#options;
    const needed = reachable(this.#symbol, heads);
    const chains = new Map(needed.map((id) => [id, normChainEndingAt(this.#symbol, id)] as const));
    for (const chain of chains.values()) for (const id of chain?.inner ?? []) this.#within.add(id);
    for (const id of needed) {
      const node = this.#symbol.nodes[id];
      if (node === undefined || node.op === 'null' || this.#within.has(id)) continue;
      const chain = chains.get(id);
      this.#values.set(id, chain === undefined ? this.#operator(node) : [this.#chain(node, chain.input)]);
    }
    const outputs = heads.map((head) => this.valueOf(head) ?? inputName);
    return { graph: { input, layers: this.#layers, outputs }, parameters: this.#parameters };
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

  useParameter(name: string): void {
    this.#parameters.add(name);
  }

  /** Empty where the layer cannot be; `inferShapes` says why when the graph is whole. */
  shapeOf(layer: string): FeatureShape {
    return this.#shapes.get(layer) ?? [];
  }

  add(layer: LayerNode): string {
    const inputs = layer.inputs.map((input) => this.shapeOf(input));
    const shape = definitionOf(layer).outputShape(layer.attributes, inputs);
    if (typeof shape !== 'string') this.#shapes.set(layer.name, shape);
    this.#layers.push(layer);
    return layer.name;
  }

  #operator(node: MxnetNode): readonly string[] {
    const reader = Object.hasOwn(operators, node.op) ? operators[node.op] : undefined;
    if (reader !== undefined) return reader(new OperatorNode(node, this));
    const near = didYouMean(node.op, Object.keys(operators));
    fail({
      code: 'unknown-operator',
      message: `Node "${node.name}" is of operator "${node.op}", for which there is no layer.`,
      at: { file: this.file },
      hint: near === undefined ? 'Name an output before that node.' : `Did you mean "${near}"?`,
    });
  }

  #chain(node: MxnetNode, input: NormChainInput): string {
    const value = this.valueOf({ ...input, version: 0 }) ?? inputName;
    return this.add({ name: node.name, kind: 'equalize-norms', inputs: [value], attributes: {} });
  }

  /** The statistics of a batch and the mask of a dropout are outputs too. */
  #refuseOutput(node: MxnetNode, output: number): never {
    fail({
      code: 'unsupported-operator',
      message: `Output ${output} of node "${node.name}" (${node.op}) is used; layers have their value only.`,
      at: { file: this.file },
    });
  }
}

type NormChainInput = Pick<MxnetEntry, 'node' | 'output'>;

/** Ids of the nodes that the heads depend on, in the order of the file. */
function reachable(symbol: MxnetSymbol, heads: readonly MxnetEntry[]): number[] {
  const found = new Set<number>();
  const waiting = heads.map(({ node }) => node);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const { node } of symbol.nodes[id]?.inputs ?? []) waiting.push(node);
  }
  return [...found].sort((a, b) => a - b);
}
