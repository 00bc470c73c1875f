import { elementCount } from '../graph/feature-shape.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { PlannedLayer } from './execution-plan.ts';

const mostLayers = 24;
/** Of all values. */
const largestPart = 1 / 16;
/** 8 MiB of each: a parameter, its gradient, what an optimizer keeps of it, and the new ones of a step. */
const mostParameters = 2 ** 21;

type SizedLayer = Pick<PlannedLayer, 'node' | 'parameters'>;

interface Size {
  readonly values: number;
  readonly parameters: number;
}

/**
 * The stretches of a backward pass that are recorded as a graph each: of so many layers at most, or of fewer that have so large a part
 * of all values, or so many parameters. What layers have saved, and what their parameters were before, is freed after each graph.
 * @param layers in the order of the pass
 */
export function cutIntoGraphs<Layer extends SizedLayer>(
  layers: readonly Layer[],
  shapes: ShapedGraph['shapes'],
): Layer[][] {
  const sizeOf = ({ node, parameters }: SizedLayer): Size => ({
    values: elementCount(shapes.get(node.name) ?? []),
    parameters: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  const all = layers.map(sizeOf).reduce(sumOf, nothing);
  const isFull = (count: number, { values, parameters }: Size): boolean =>
    count > mostLayers || values > largestPart * all.values || parameters > mostParameters;
  const parts: Layer[][] = [];
  let [part, size]: [Layer[], Size] = [[], nothing];
  for (const layer of layers) {
    const own = sizeOf(layer);
    if (part.length > 0 && isFull(part.length + 1, sumOf(size, own))) {
      parts.push(part);
      [part, size] = [[], nothing];
    }
    part.push(layer);
    size = sumOf(size, own);
  }
  return [...parts, part];
}

const nothing: Size = { values: 0, parameters: 0 };

const sumOf = (one: Size, other: Size): Size => ({
  values: one.values + other.values,
  parameters: one.parameters + other.parameters,
});
