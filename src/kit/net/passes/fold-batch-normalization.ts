import type { Graph, LayerNode, LayerNodeOf } from '../graph/graph.ts';
import type { GraphParameter } from '../graph/shaped-graph.ts';
import type { NamedArray, ParameterizedGraph } from '../model/model.ts';
import { inferShapes } from '../graph/infer-shapes.ts';

/** A layer with weights whose outputs only a batch normalisation takes. */
interface Pair {
  readonly layer: LayerNodeOf<'convolution'> | LayerNodeOf<'fully-connected'>;
  readonly normalization: LayerNodeOf<'batch-normalization'>;
}

/**
 * The same function in inference with fewer layers: a batch normalisation straight after a convolution or a fully
 * connected layer becomes part of its weight and bias. With moving statistics it is y = factor x + shift per channel.
 */
export function foldBatchNormalization({ shaped, parameters }: ParameterizedGraph): ParameterizedGraph {
  const { graph } = shaped;
  const pairs = foldablePairs(graph);
  const byNormalization = new Map(pairs.map((pair) => [pair.normalization.name, pair]));
  const folded = new Set(pairs.map(({ layer }) => layer.name));
  const layers = graph.layers.flatMap((node): LayerNode[] => {
    const pair = byNormalization.get(node.name);
    if (pair !== undefined) return [mergedLayer(pair)];
    return folded.has(node.name) ? [] : [node];
  });
  const merged = new Map(parameters);
  const namesOf = (node: LayerNode): ReadonlyMap<string, string> => parameterNames(shaped.parameters, node);
  for (const pair of pairs) mergeArrays(merged, pair, namesOf);
  return { shaped: inferShapes({ ...graph, layers }), parameters: merged };
}

function foldablePairs(graph: Graph): Pair[] {
  const users = new Map(graph.outputs.map((output) => [output, 1]));
  for (const { inputs } of graph.layers) for (const input of inputs) users.set(input, (users.get(input) ?? 0) + 1);
  const byName = new Map(graph.layers.map((node) => [node.name, node]));
  return graph.layers.flatMap((node): Pair[] => {
    if (node.kind !== 'batch-normalization') return [];
    const layer = byName.get(node.inputs[0] ?? '');
    if (layer === undefined || users.get(layer.name) !== 1) return [];
    if (layer.kind !== 'convolution' && layer.kind !== 'fully-connected') return [];
    return [{ layer, normalization: node }];
  });
}

/** Has the name of the normalisation, whose value it has. */
function mergedLayer({ layer, normalization }: Pair): LayerNode {
  const common = { name: normalization.name, inputs: layer.inputs };
  return layer.kind === 'convolution'
    ? { ...common, kind: layer.kind, attributes: { ...layer.attributes, bias: true } }
    : { ...common, kind: layer.kind, attributes: { ...layer.attributes, bias: true } };
}

function parameterNames(parameters: readonly GraphParameter[], { name }: LayerNode): ReadonlyMap<string, string> {
  return new Map(
    parameters.filter(({ layer }) => layer === name).map((parameter) => [parameter.suffix, parameter.name]),
  );
}

function mergeArrays(
  arrays: Map<string, NamedArray>,
  { layer, normalization }: Pair,
  namesOf: (node: LayerNode) => ReadonlyMap<string, string>,
): void {
  const take = (node: LayerNode, suffix: string): NamedArray | undefined => {
    const name = namesOf(node).get(suffix) ?? '';
    const array = arrays.get(name);
    arrays.delete(name);
    return array;
  };
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_var'].map(
    (suffix) => take(normalization, suffix)?.values ?? new Float32Array(),
  );
  const { epsilon, fixGamma } = normalization.attributes;
  const weight = take(layer, 'weight');
  const oldBias = take(layer, 'bias')?.values;
  if (weight === undefined) throw new Error(`layer ${layer.name} has no weight`);
  const channels = weight.shape[0] ?? 0;
  const factors = Float64Array.from({ length: channels }, (_, channel) => {
    return (fixGamma ? 1 : (gamma?.[channel] ?? 1)) / Math.sqrt((variance?.[channel] ?? 0) + epsilon);
  });
  const bias = Float32Array.from(factors, (factor, channel) => {
    return (beta?.[channel] ?? 0) + factor * ((oldBias?.[channel] ?? 0) - (mean?.[channel] ?? 0));
  });
  const perChannel = weight.values.length / channels;
  const values = weight.values.map((value, index) => value * (factors[Math.floor(index / perChannel)] ?? 1));
  const { name } = normalization;
  arrays.set(`${name}_weight`, { name: `${name}_weight`, shape: weight.shape, values });
  arrays.set(`${name}_bias`, { name: `${name}_bias`, shape: [channels], values: bias });
}
