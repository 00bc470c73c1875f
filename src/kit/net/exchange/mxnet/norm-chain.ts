import type { MxnetNode, MxnetSymbol } from '../../../codec/mxnet/mxnet-symbol.ts';

/*
 * MXNet has no operator for `equalize-norms`; GNAP heads spell it out:
 *
 *   square (x * x) - sum over the channels - [+ epsilon] - sqrt = norm
 *   mean of norm over the positions - divided by norm - [tile over the channels] - times x
 */

/** A chain of operators that is one layer. */
export interface NormChain {
  /** Node whose value is scaled. */
  readonly input: { readonly node: number; readonly output: number };
  /** Nodes within the chain, its last excepted. */
  readonly inner: readonly number[];
  /** Whether the mean goes over the images of a batch too. */
  readonly isOverBatch: boolean;
}

/** The chain that ends in the multiplication `id`, if one does. */
export function normChainEndingAt(symbol: MxnetSymbol, id: number): NormChain | undefined {
  const chain = new ChainReader(symbol);
  const last = chain.node(id, multiplications);
  if (last === undefined) return undefined;
  for (const [factor, x] of [last.inputs, [...last.inputs].reverse()]) {
    if (factor === undefined || x === undefined) continue;
    const squared = chain.squaredOf(factor.node);
    if (squared?.node === x.node && squared.output === x.output)
      return { input: x, inner: chain.inner, isOverBatch: chain.isOverBatch };
  }
  return undefined;
}

const multiplications = ['elemwise_mul', '_mul', '_Mul', 'broadcast_mul'];

class ChainReader {
  readonly #symbol: MxnetSymbol;
  inner: number[] = [];
  isOverBatch = false;

  constructor(symbol: MxnetSymbol) {
    this.#symbol = symbol;
  }

  node(id: number, operators: readonly string[]): MxnetNode | undefined {
    const node = this.#symbol.nodes[id];
    return node !== undefined && operators.includes(node.op) ? node : undefined;
  }

  /** The x of mean(norm(x)) / norm(x). */
  squaredOf(factor: number): { node: number; output: number } | undefined {
    this.inner = [];
    const tiled = this.#step(factor, ['tile']);
    const quotient = this.#step(tiled?.inputs[0]?.node ?? factor, ['broadcast_div', 'elemwise_div', '_div']);
    const [mean, norm] = quotient?.inputs ?? [];
    const averaged = mean === undefined ? undefined : this.#step(mean.node, ['mean']);
    if (norm === undefined || averaged?.inputs[0]?.node !== norm.node) return undefined;
    const axes = axesOf(averaged);
    // Of norms [N, 1, H, W]; none are all of them.
    if (!['2,3', '1,2,3', '0,2,3', '0,1,2,3', ''].includes(axes) || isSet(averaged, 'exclude')) return undefined;
    this.isOverBatch = axes === '' || axes.startsWith('0');
    const root = this.#step(norm.node, ['sqrt']);
    const shifted = this.#first(root, ['_plus_scalar', '_PlusScalar']);
    const sum = this.#first(shifted ?? root, ['sum', 'sum_axis']);
    if (sum === undefined || axesOf(sum) !== '1' || isSet(sum, 'exclude') || !isSet(sum, 'keepdims')) return undefined;
    const square = this.#first(sum, ['square', ...multiplications]);
    const [x, other = x] = square?.inputs ?? [];
    return x !== undefined && x.node === other?.node ? x : undefined;
  }

  #first(node: MxnetNode | undefined, operators: readonly string[]): MxnetNode | undefined {
    const input = node?.inputs[0];
    return input === undefined ? undefined : this.#step(input.node, operators);
  }

  #step(id: number, operators: readonly string[]): MxnetNode | undefined {
    const node = this.node(id, operators);
    if (node !== undefined) this.inner.push(id);
    return node;
  }
}

/** `2,3` of "(2, 3)", "(-1, -2)" and "[2L, 3L]"; empty for all axes. */
function axesOf({ attrs }: MxnetNode): string {
  const axes = (attrs['axis'] ?? '').match(/-?[0-9]+/g) ?? [];
  return axes
    .map((axis) => (Number(axis) + 4) % 4)
    .sort((a, b) => a - b)
    .join();
}

function isSet({ attrs }: MxnetNode, flag: string): boolean {
  return /^(true|1)$/i.test(attrs[flag] ?? '');
}
