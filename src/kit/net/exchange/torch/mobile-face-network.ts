import type { TensorGraph } from './tensor-graph.ts';

/**
 * MobileFaceNet of arcface_torch (insightface, recognition/arcface_torch/backbones/mobilefacenet.py, `mbf` and `mbf_large`): a list
 * `layers` of single convolutions, units that halve the image, and rows of units with a shortcut; then conv_sep, and a
 * convolution over the whole map. What each is, the depth of the names of its tensors tells. Returns the last layer.
 */
export function mobileFaceNetwork(graph: TensorGraph): string {
  let layer = graph.data;
  for (let index = 0; ; index += 1) {
    const module = `layers.${index}`;
    const stride = index === 0 || isUnit(graph, module) ? 2 : 1;
    if (isBlock(graph, module)) layer = block(graph, layer, { module, stride });
    else if (isUnit(graph, module)) layer = unit(graph, layer, { module, stride });
    else if (isUnit(graph, `${module}.layers.0`)) layer = unitsInRow(graph, layer, module);
    else break;
  }
  layer = block(graph, layer, { module: 'conv_sep', stride: 1 });
  layer = linear(graph, layer, { module: 'features.layers.0', stride: 1, pad: 0 });
  return graph.normalize('fc1', graph.dense('pre_fc1', layer, 'features.layers.2'), 'features.layers.3');
}

interface Part {
  /** What the names of its tensors begin with. */
  readonly module: string;
  readonly stride: number;
  /** Around the image, where it is not so much that a stride of 1 keeps the size. */
  readonly pad?: number;
}

const isBlock = (graph: TensorGraph, module: string): boolean => graph.has(`${module}.layers.0.weight`);
const isUnit = (graph: TensorGraph, module: string): boolean => isBlock(graph, `${module}.layers.0`);
const named = (module: string): string => module.replaceAll('.layers.', '_').replaceAll('.', '_');

function unitsInRow(graph: TensorGraph, input: string, module: string): string {
  let layer = input;
  for (let index = 0; isUnit(graph, `${module}.layers.${index}`); index += 1) {
    const inner = unit(graph, layer, { module: `${module}.layers.${index}`, stride: 1 });
    layer = graph.add(`${named(`${module}.layers.${index}`)}_plus`, layer, inner);
  }
  return layer;
}

/** 1 x 1, then 3 x 3 for each channel by itself, then 1 x 1 without an activation. */
function unit(graph: TensorGraph, input: string, { module, stride }: Part): string {
  const wide = block(graph, input, { module: `${module}.layers.0`, stride: 1 });
  const deep = block(graph, wide, { module: `${module}.layers.1`, stride });
  return linear(graph, deep, { module: `${module}.layers.2`, stride: 1 });
}

function block(graph: TensorGraph, input: string, part: Part): string {
  return graph.prelu(`${named(part.module)}_relu`, linear(graph, input, part), `${part.module}.layers.2`);
}

function linear(graph: TensorGraph, input: string, { module, ...window }: Part): string {
  const convolved = graph.convolve(`${named(module)}_conv`, input, { module: `${module}.layers.0`, ...window });
  return graph.normalize(`${named(module)}_bn`, convolved, `${module}.layers.1`);
}
