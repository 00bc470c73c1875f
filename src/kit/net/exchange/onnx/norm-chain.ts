import type { OnnxGraph, OnnxNode } from '../../../codec/onnx/onnx-messages.ts';
import { constantOf } from './constant.ts';

interface NormChains {
  /** The name of x by the last node of a chain. */
  readonly inputs: ReadonlyMap<OnnxNode, string>;
  /** The nodes within. */
  readonly inner: ReadonlySet<OnnxNode>;
  /** Last nodes of those whose mean goes over the images of a batch too. */
  readonly overBatch: readonly OnnxNode[];
}

/**
 * The nodes that `equalize-norms` is written as: x * (mean(norm) / norm), norm = sqrt(sum of x * x + epsilon), with the sum
 * over the channels and the mean over the positions. Chains along other axes are something else.
 */
export function normChains({ nodes, initializers }: OnnxGraph, file: string): NormChains {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const constants = new Map(initializers.map((tensor) => [tensor.name ?? '', tensor]));
  const axesOf = (node: OnnxNode): string => {
    const given = node.attributes.find(({ name }) => name === 'axes')?.ints;
    const input = node.inputs[1] ?? '';
    const tensor = constants.get(input) ?? makers.get(input)?.attributes.find(({ name }) => name === 'value')?.t;
    const axes = given ?? (tensor === undefined ? [] : [...constantOf(tensor, file).values]);
    return axes
      .map((axis) => (axis + 4) % 4)
      .sort((a, b) => a - b)
      .join();
  };
  const inputs = new Map<OnnxNode, string>();
  const inner = new Set<OnnxNode>();
  const overBatch: OnnxNode[] = [];
  for (const last of nodes) {
    const chain = last.opType === 'Mul' ? chainOf(last, makers) : undefined;
    const [x] = last.inputs;
    if (chain === undefined || x === undefined) continue;
    const meanAxes = axesOf(chain.mean);
    const keeps = [chain.sum, chain.mean].every(({ attributes }) => {
      const stated = attributes.find(({ name }) => name === 'keepdims');
      // A 0 may be left out where a value is stated.
      return stated === undefined || (stated.i ?? 0) !== 0;
    });
    if (axesOf(chain.sum) !== '1' || !keeps || !['2,3', '1,2,3', '0,2,3', '0,1,2,3', ''].includes(meanAxes)) continue;
    if (meanAxes === '' || meanAxes.startsWith('0')) overBatch.push(last);
    inputs.set(last, x);
    for (const node of chain.inner) inner.add(node);
  }
  return { inputs, inner, overBatch };
}

interface Chain {
  readonly inner: readonly OnnxNode[];
  readonly sum: OnnxNode;
  readonly mean: OnnxNode;
}

function chainOf(last: OnnxNode, makers: ReadonlyMap<string, OnnxNode>): Chain | undefined {
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
  if (isWhole !== true || sum === undefined || mean === undefined) return undefined;
  const inner = chain.filter((node) => node !== undefined);
  return inner.length === chain.length ? { inner, sum, mean } : undefined;
}
