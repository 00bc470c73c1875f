import type { OnnxNode } from '../../../codec/onnx/onnx-messages.ts';

/**
 * The nodes that `equalize-norms` is written as: x * (mean(norm) / norm), norm = sqrt(sum of x * x + epsilon). Returns the
 * name of x for each last node, and the nodes within.
 */
export function normChains(nodes: readonly OnnxNode[]): {
  readonly inputs: ReadonlyMap<OnnxNode, string>;
  readonly inner: ReadonlySet<OnnxNode>;
} {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const inputs = new Map<OnnxNode, string>();
  const inner = new Set<OnnxNode>();
  for (const last of nodes) {
    const chain = last.opType === 'Mul' ? chainOf(last, makers) : undefined;
    const [x] = last.inputs;
    if (chain === undefined || x === undefined) continue;
    inputs.set(last, x);
    for (const node of chain) inner.add(node);
  }
  return { inputs, inner };
}

function chainOf(last: OnnxNode, makers: ReadonlyMap<string, OnnxNode>): OnnxNode[] | undefined {
  const made = (value: string | undefined, opType: string): OnnxNode | undefined => {
    const node = value === undefined ? undefined : makers.get(value);
    return node?.opType === opType ? node : undefined;
  };
  const factors = made(last.inputs[1], 'Div');
  const mean = made(factors?.inputs[0], 'ReduceMean');
  const norm = made(factors?.inputs[1], 'Sqrt');
  const shifted = made(norm?.inputs[0], 'Add');
  const sum = made((shifted ?? norm)?.inputs[0], 'ReduceSum');
  const squares = made(sum?.inputs[0], 'Mul');
  const chain = [factors, mean, norm, ...(shifted === undefined ? [] : [shifted]), sum, squares];
  const isWhole = mean?.inputs[0] === norm?.outputs[0] && squares?.inputs.every((input) => input === last.inputs[0]);
  return isWhole === true && chain.every((node) => node !== undefined) ? chain : undefined;
}
