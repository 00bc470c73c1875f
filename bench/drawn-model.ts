import { Random } from '../src/core/random.ts';
import type { ParameterizedGraph, NamedArray } from '../src/kit/net/model/model.ts';
import type { GraphParameter } from '../src/kit/net/graph/shaped-graph.ts';
import type { Graph } from '../src/kit/net/graph/graph.ts';
import { inferShapes } from '../src/kit/net/graph/infer-shapes.ts';
import { initialValues } from '../src/kit/net/model/initialize.ts';

/** A network with drawn parameters: no gamma, mean or slope is the one it starts with, so that mixed-up arrays show. */
export function drawnModel(graph: Graph, seed: number): ParameterizedGraph {
  const shaped = inferShapes(graph);
  const arrays = shaped.parameters.map((parameter) => [parameter.name, drawn(parameter, seed)] as const);
  return { shaped, parameters: new Map(arrays) };
}

const rule = { distribution: 'gaussian', fan: 'in' } as const;

function drawn(parameter: GraphParameter, seed: number): NamedArray {
  const array = initialValues(parameter, rule, seed);
  if (parameter.role === 'fixed' || parameter.initial === 'xavier') return array;
  const random = Random.derive(seed, parameter.name);
  return {
    ...array,
    values: array.values.map((value) => value * random.uniform(0.8, 1.25) + random.uniform(-0.1, 0.1)),
  };
}
