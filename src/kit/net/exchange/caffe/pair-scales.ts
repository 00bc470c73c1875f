import type { Graph, LayerNode, LayerNodeOf } from '../../graph/graph.ts';
import type { CaffeGraph } from './caffe-layer.ts';

type Normalization = LayerNodeOf<'batch-normalization'>;

/** What a Scale layer becomes: a batch normalisation with mean 0 and variance 1, (x - 0) / sqrt(1 + 0). */
export const scaleAttributes = { epsilon: 0, momentum: 0.9, fixGamma: false };

/**
 * Makes one batch normalisation of each BatchNorm and the Scale behind it, as Caffe writes them in pairs: named after
 * the BatchNorm, with gamma and beta of the Scale. Not if anything else takes the value of the BatchNorm.
 */
export function pairScales(
  { layers, arrays }: CaffeGraph,
  outputs: readonly string[],
): Pick<Graph, 'layers' | 'outputs'> {
  const byName = new Map(layers.map((node) => [node.name, node]));
  const users = new Map<string, number>(outputs.map((name) => [name, 1]));
  for (const { inputs } of layers) for (const input of inputs) users.set(input, (users.get(input) ?? 0) + 1);
  const renamed = new Map<string, string>();
  const scales = new Map<string, Normalization>();
  for (const node of layers) {
    const before = byName.get(node.inputs[0] ?? '');
    if (!isScale(node) || before === undefined || !isBare(before) || users.get(before.name) !== 1) continue;
    scales.set(before.name, node);
    renamed.set(node.name, before.name);
  }
  for (const [name, scale] of scales) {
    const { gamma, beta } = arrays.get(scale.name) ?? {};
    if (gamma !== undefined && beta !== undefined) arrays.set(name, { ...arrays.get(name), gamma, beta });
    arrays.delete(scale.name);
  }
  const nameOf = (name: string): string => renamed.get(name) ?? name;
  return {
    layers: layers.flatMap((node): LayerNode[] => {
      if (renamed.has(node.name)) return [];
      const inputs = node.inputs.map(nameOf);
      if (node.kind !== 'batch-normalization' || !scales.has(node.name)) return [{ ...node, inputs }];
      return [{ ...node, inputs, attributes: { ...node.attributes, fixGamma: false } }];
    }),
    outputs: outputs.map(nameOf),
  };
}

function isScale(node: LayerNode): node is Normalization {
  return node.kind === 'batch-normalization' && node.attributes === scaleAttributes;
}

/** A BatchNorm without gamma and beta of its own. */
function isBare(node: LayerNode): boolean {
  return node.kind === 'batch-normalization' && node.attributes.fixGamma;
}
