import { inputName, type LayerNode } from '../graph/graph.ts';
import type { GraphParameter, ShapedGraph } from '../graph/shaped-graph.ts';
import { reachableLayers } from '../graph/reachable.ts';
import type { LayerKernels, LayerKernelTable } from './layer-kernels.ts';

/** One layer with everything that is known about it before it runs. */
export interface PlannedLayer {
  readonly node: LayerNode;
  readonly kernels: LayerKernels<LayerNode['attributes']>;
  readonly parameters: readonly GraphParameter[];
  /** It, or a layer before it, has something to train: gradients go through it. */
  readonly trains: boolean;
  /** For each input, whether something before it is trained. */
  readonly needsGradient: readonly boolean[];
}

export interface ExecutionPlan {
  /** The layers that the outputs depend on, in order. */
  readonly layers: readonly PlannedLayer[];
  readonly outputs: readonly string[];
  /** How often each value is used in a pass, by name of its layer; it is disposed of after the last use. */
  readonly useCounts: {
    readonly inference: ReadonlyMap<string, number>;
    readonly training: ReadonlyMap<string, number>;
  };
}

/** Decides, once per network, what is computed and how long each value is needed. */
export function planExecution({ graph, parameters }: ShapedGraph, table: LayerKernelTable): ExecutionPlan {
  const needed = reachableLayers(graph.layers, graph.outputs);
  const trains = new Map<string, boolean>([[inputName, false]]);
  const layers = needed.map((node): PlannedLayer => {
    const own = parameters.filter((parameter) => parameter.layer === node.name);
    const needsGradient = node.inputs.map((input) => trains.get(input) === true);
    const isTrained = needsGradient.includes(true) || own.some((parameter) => parameter.role === 'trainable');
    trains.set(node.name, isTrained);
    return { node, kernels: table[node.kind], parameters: own, trains: isTrained, needsGradient };
  });
  return {
    layers,
    outputs: graph.outputs,
    useCounts: {
      inference: countUses(layers, graph.outputs, false),
      training: countUses(layers, graph.outputs, true),
    },
  };
}

function countUses(
  layers: readonly PlannedLayer[],
  outputs: readonly string[],
  training: boolean,
): Map<string, number> {
  const counts = new Map(outputs.map((output) => [output, 1]));
  const count = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const { node, kernels, trains } of layers) {
    node.inputs.forEach(count);
    if (!training || !trains) continue;
    if (kernels.saves === 'inputs') node.inputs.forEach(count);
    if (kernels.saves === 'output') count(node.name);
  }
  return counts;
}
