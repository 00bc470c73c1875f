import { type Graph, inputName } from '../../graph/graph.ts';

/** What a graph does to every pixel before its first layer with weights: (value - mean) * scale. */
export interface InputPreprocessing {
  readonly mean: number;
  readonly scale: number;
  /** The layers that do it, in their order; the last gives what the rest of the graph takes. */
  readonly layers: readonly string[];
}

/** Follows the layers behind the input as long as they are alone and only shift and scale. */
export function inputPreprocessing(graph: Graph): InputPreprocessing {
  let mean = 0;
  let scale = 1;
  const layers: string[] = [];
  for (let value = inputName; ;) {
    const users = graph.layers.filter(({ inputs }) => inputs.includes(value));
    const [user, ...others] = users;
    if (user === undefined || others.length > 0 || graph.outputs.includes(user.name)) break;
    if (user.kind === 'minus-scalar') mean += user.attributes.scalar / scale;
    else if (user.kind === 'multiply-scalar' && user.attributes.scalar !== 0) scale *= user.attributes.scalar;
    else if (user.kind !== 'identity') break;
    layers.push(user.name);
    value = user.name;
  }
  return { mean, scale, layers };
}
