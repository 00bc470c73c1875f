import { inputName, type LayerNode } from '../graph/graph.ts';
import type { GraphParameter, ShapedGraph } from '../graph/shaped-graph.ts';
import { reachableLayers } from '../graph/reachable.ts';
import type { Communicator } from '../ranks/communicator.ts';
import type { LayerKernels } from './layer-kernels.ts';
import { cutsToRecompute } from './recomputed-segments.ts';

/** One layer with everything that is known about it before it runs. */
export interface PlannedLayer {
  readonly node: LayerNode;
  readonly kernels: LayerKernels<LayerNode['attributes']>;
  readonly parameters: readonly GraphParameter[];
  /** It, or a layer before it, has something to train: gradients go through it. */
  readonly trains: boolean;
  /** Its parameters stay as they are. */
  readonly isFrozen: boolean;
  /** For each input, whether something before it is trained. */
  readonly needsGradient: readonly boolean[];
}

/** Layers in a row, as they are walked in training. */
export interface Segment {
  readonly layers: readonly PlannedLayer[];
  /** Names of values that come from before it. */
  readonly takes: readonly string[];
  /** Names of its values that are used after it, or are outputs. */
  readonly gives: readonly string[];
  /** Some layer of it trains, and it is not the last one: it is computed once more in the backward pass. */
  readonly isRecomputed: boolean;
  /** How often each value is used: in a forward pass, and where a backward pass follows. */
  readonly uses: { readonly forward: UseCounts; readonly backward: UseCounts };
}

/** By name of a layer; its value is disposed of after the last use. */
export type UseCounts = ReadonlyMap<string, number>;

export interface ExecutionPlan {
  /** The layers that the outputs depend on, in order. */
  readonly layers: readonly PlannedLayer[];
  readonly outputs: readonly string[];
  readonly inferenceUses: UseCounts;
  /** All layers in one, unless values are to be recomputed. */
  readonly segments: readonly Segment[];
  /** Of the values between segments, and of outputs: how often each is used in a whole step. */
  readonly keptUses: UseCounts;
}

/** What of a network is trained, and how much of a forward pass is kept for the backward pass. */
export interface TrainingMode {
  /** Names of layers whose parameters stay, and which compute as in inference. */
  readonly frozen: ReadonlySet<string>;
  /** Keep a few values only, and compute the others once more in the backward pass: less memory, the same numbers. */
  readonly recompute: boolean;
  /** Absent: one process trains alone. */
  readonly ranks?: RankedMode | undefined;
}

/** How a process trains that has a share of each batch; shares are equal. */
export interface RankedMode {
  readonly communicator: Communicator;
  /** Normalisations take the statistics of the whole batch, not of the share. */
  readonly isSynchronized: boolean;
}

/** Decides, once per network, what is computed and how long each value is needed. */
export function planExecution(
  shaped: ShapedGraph,
  kernelsOf: (node: LayerNode, isFrozen: boolean) => PlannedLayer['kernels'],
  { frozen, recompute }: Pick<TrainingMode, 'frozen' | 'recompute'>,
): ExecutionPlan {
  const { graph, parameters } = shaped;
  const trains = new Map<string, boolean>([[inputName, false]]);
  const layers = reachableLayers(graph.layers, graph.outputs).map((node): PlannedLayer => {
    const own = parameters.filter((parameter) => parameter.layer === node.name);
    const needsGradient = node.inputs.map((input) => trains.get(input) === true);
    const isFrozen = frozen.has(node.name);
    const isTrained = !isFrozen && own.some((parameter) => parameter.role === 'trainable');
    trains.set(node.name, isTrained || needsGradient.includes(true));
    const kernels = kernelsOf(node, isFrozen);
    return { node, kernels, parameters: own, trains: trains.get(node.name) === true, isFrozen, needsGradient };
  });
  const segments = segmentsOf(layers, graph.outputs, recompute ? cutsToRecompute(shaped, layers) : []);
  return {
    layers,
    outputs: graph.outputs,
    inferenceUses: countUses(layers, graph.outputs, false),
    segments,
    keptUses: countKept(segments, graph.outputs),
  };
}

/** `cuts` are positions behind which a new segment begins. */
function segmentsOf(layers: readonly PlannedLayer[], outputs: readonly string[], cuts: readonly number[]): Segment[] {
  const starts = [0, ...cuts.map((cut) => cut + 1)];
  return starts.map((start, index): Segment => {
    const [own, later] = [layers.slice(start, starts[index + 1]), layers.slice(starts[index + 1] ?? layers.length)];
    const names = new Set(own.map(({ node }) => node.name));
    const taken = new Set(own.flatMap(({ node }) => node.inputs).filter((input) => !names.has(input)));
    const wanted = new Set([...later.flatMap(({ node }) => node.inputs), ...outputs]);
    const gives = [...names].filter((name) => wanted.has(name));
    const isLast = later.length === 0;
    return {
      layers: own,
      takes: [...taken],
      gives,
      isRecomputed: !isLast && own.some((layer) => layer.trains),
      uses: { forward: countUses(own, gives, false), backward: countUses(own, isLast ? gives : [], true) },
    };
  });
}

function countUses(layers: readonly PlannedLayer[], given: readonly string[], training: boolean): Map<string, number> {
  const counts = new Map(given.map((output) => [output, 1]));
  for (const { node, kernels, trains } of layers) {
    node.inputs.forEach((input) => {
      count(counts, input);
    });
    if (!training || !trains) continue;
    if (kernels.saves === 'inputs') {
      node.inputs.forEach((input) => {
        count(counts, input);
      });
    }
    if (kernels.saves === 'output') count(counts, node.name);
  }
  return counts;
}

function countKept(segments: readonly Segment[], outputs: readonly string[]): Map<string, number> {
  const counts = new Map(outputs.map((output) => [output, 1]));
  for (const { takes, isRecomputed } of segments) {
    for (const name of takes) for (let use = 0; use < (isRecomputed ? 2 : 1); use += 1) count(counts, name);
  }
  return counts;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
