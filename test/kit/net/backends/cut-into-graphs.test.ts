import { expect, it } from 'vitest';
import { buildNetwork, chooseNetwork } from '../../../../src/kit/net/backbones/index.ts';
import { cutIntoGraphs } from '../../../../src/kit/net/backends/cut-into-graphs.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';

it.each(['y1', 'r50', 'r100', 'd121', 's104'] as const)(
  'a backward pass over %s is cut where a graph would take too many layers, values or parameters, and nowhere else',
  (name) => {
    const { graph, shapes, parameters } = inferShapes(buildNetwork(chooseNetwork(name), { height: 112, width: 112 }));
    const layers = graph.layers
      .map((node) => ({ node, parameters: parameters.filter(({ layer }) => layer === node.name) }))
      .toReversed();
    const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
    const valuesOf = (part: typeof layers): number =>
      part.reduce((sum, { node }) => sum + count(shapes.get(node.name) ?? []), 0);
    const fits = (part: typeof layers): boolean =>
      part.length <= 24 &&
      valuesOf(part) <= valuesOf(layers) / 16 &&
      part.flatMap((layer) => layer.parameters).reduce((sum, { shape }) => sum + count(shape), 0) <= 2 ** 21;

    const parts = cutIntoGraphs(layers, shapes);
    expect(parts.flat()).toEqual(layers);
    expect(parts.filter((part) => part.length > 1 && !fits(part))).toEqual([]);
    // The first layer after a part would not have had room in it.
    for (const [at, part] of parts.slice(0, -1).entries())
      expect(fits([...part, ...(parts[at + 1] ?? []).slice(0, 1)])).toBe(false);
  },
);
