import type { ActivationAttributes } from '../../graph/layers/activation.ts';
import type { UnnamedLayer } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { GraphNodeReader, LayerParameter } from './graph-node.ts';
import type { Constant, TensorflowValue } from './tensorflow-value.ts';

/** A function that an operation applies to another one's result. */
export function functionLayer(node: GraphNodeReader, op: string, input: string): TensorflowValue {
  const inputs = [input];
  const named = functions[op];
  if (named !== undefined) return node.layer({ kind: 'activation', inputs, attributes: { function: named } });
  if (op === 'Relu6') return node.layer({ kind: 'clip', inputs, attributes: { minimum: 0, maximum: 6 } });
  if (op === 'LeakyRelu') return slopesLayer(node, input, node.number('leakyrelu_alpha', 0.2));
  if (op === 'Prelu') return slopesLayer(node, input, node.constant(node.inputs.length - 1));
  return node.refuse('functions that layers compute');
}

/** Operations that are an activation by themselves. */
export const functions: Readonly<Record<string, ActivationAttributes['function']>> = {
  ...{ Relu: 'relu', Sigmoid: 'sigmoid', Tanh: 'tanh', Softplus: 'softrelu', Elu: 'elu' },
};

export function readFunction(node: GraphNodeReader): TensorflowValue {
  return functionLayer(node, node.op, node.layerInput(0));
}

/** One slope per channel; a single one, and that of LeakyRelu, counts for all. */
export function readSlopes(node: GraphNodeReader): TensorflowValue {
  const input = node.layerInput(0);
  return slopesLayer(node, input, node.op === 'LeakyRelu' ? node.number('alpha', 0.2) : node.constant(1));
}

function slopesLayer(node: GraphNodeReader, input: string, slopes: Constant | number): TensorflowValue {
  const [channels = 0] = node.shapeOf(input);
  const layer = { kind: 'prelu', inputs: [input], attributes: {} } as const;
  const all = (slope: number): LayerParameter => {
    return { dims: [channels], values: new Float32Array(channels).fill(slope) };
  };
  if (typeof slopes === 'number') return node.layer(layer, { gamma: all(slopes) });
  const { name, dims, values } = slopes;
  if (values.length === 1) return node.layer(layer, { gamma: all(values[0] ?? 0) });
  const [last, ...others] = dims.toReversed();
  if (last !== channels || others.some((side) => side !== 1)) node.refuse(`one slope for each of ${channels} channels`);
  return node.layer(layer, { gamma: { name, dims: [channels], values } });
}

interface Weighted {
  /** Filters or units. */
  readonly outputs: number;
  /** Without the bias. */
  readonly parameters: Readonly<Record<string, LayerParameter>>;
}

/**
 * A layer with weights: with the bias that a node after it adds, or, in what TensorFlow has fused, the bias and the function that
 * are part of the operation. `layer` is it, with a bias or without.
 */
export function weightedLayer<Kind extends LayerKind>(
  node: GraphNodeReader,
  { outputs, parameters }: Weighted,
  layer: (bias: boolean) => UnnamedLayer<Kind>,
): TensorflowValue {
  const withBias = ({ name, values }: Constant): Weighted['parameters'] => {
    return { ...parameters, bias: { name, dims: [outputs], values } };
  };
  // As TensorFlow.js reads it: first the bias, or what is not one, then a function.
  const [first, then, ...more] = node.texts('fused_ops');
  if (first !== undefined) {
    const isBias = first === 'BiasAdd';
    if ((!isBias && first !== 'NoOp') || more.length > 0)
      node.refuse('BiasAdd or NoOp, and one function, fused with it');
    const own = isBias ? withBias(node.constant(2)) : parameters;
    return then === undefined
      ? node.layer(layer(isBias), own)
      : functionLayer(node, then, node.part('sum', layer(isBias), own));
  }
  const biased = node.with(['BiasAdd', 'AddV2', 'Add'], (user, bias) => {
    const isOne = bias?.dims.at(-1) === outputs && bias.values.length === outputs;
    return isOne ? user.layer(layer(true), withBias(bias)) : undefined;
  });
  return biased ?? node.layer(layer(false), parameters);
}
