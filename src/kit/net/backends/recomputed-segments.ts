import { inputName } from '../graph/graph.ts';
import { elementCount } from '../graph/feature-shape.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';

/** A layer as far as its place in the graph goes. */
interface PlacedLayer {
  readonly node: { readonly name: string; readonly inputs: readonly string[] };
}

/** At most so many values are kept between two segments: one behind a unit of a residual network, two of a dual path network. */
const mostKept = 3;
const mostSegments = 64;

/**
 * Positions in `layers` behind which the values are kept that are used later; all others are computed once more in the
 * backward pass, segment by segment (Chen, Xu, Zhang, Guestrin 2016, section 3). Chosen so that what is kept and the values of the largest
 * segment are the fewest together.
 */
export function cutsToRecompute({ graph, shapes }: ShapedGraph, layers: readonly PlacedLayer[]): readonly number[] {
  const sizes = layers.map(({ node }) => elementCount(shapes.get(node.name) ?? []));
  const alive = valuesAlive(layers, graph.outputs);
  const size = sizes.reduce((sum, each) => sum + each, 0);
  let best: { readonly cuts: readonly number[]; readonly peak: number } = { cuts: [], peak: size };
  for (let kept = 1; kept <= mostKept; kept += 1) {
    for (let segments = 2; segments <= mostSegments; segments += 1) {
      const cuts = cutsAt(size / segments, sizes, (at) => (alive[at] ?? []).length <= kept);
      const peak = peakOf(cuts, sizes, (at) =>
        (alive[at] ?? []).map((name) => [name, elementCount(shapes.get(name) ?? [])]),
      );
      if (peak < best.peak) best = { cuts, peak };
    }
  }
  return best.cuts;
}

/** Behind each layer, the names of the values that exist there and are used later. */
function valuesAlive(layers: readonly PlacedLayer[], outputs: readonly string[]): readonly (readonly string[])[] {
  const lastUse = new Map<string, number>();
  for (const [at, { node }] of layers.entries()) for (const input of node.inputs) lastUse.set(input, at);
  for (const output of outputs) lastUse.set(output, layers.length);
  const made = [inputName];
  return layers.map(({ node }, at) => {
    made.push(node.name);
    return made.filter((name) => (lastUse.get(name) ?? -1) > at);
  });
}

/** The first places that may be cut at which a segment has at least so many values. */
function cutsAt(values: number, sizes: readonly number[], mayCut: (at: number) => boolean): readonly number[] {
  const cuts: number[] = [];
  let inSegment = 0;
  for (const [at, size] of sizes.entries()) {
    inSegment += size;
    if (inSegment < values || at === sizes.length - 1 || !mayCut(at)) continue;
    cuts.push(at);
    inSegment = 0;
  }
  return cuts;
}

/** How many values are held at once: those that are kept, each once, and those of the largest segment. */
function peakOf(
  cuts: readonly number[],
  sizes: readonly number[],
  keptAt: (at: number) => readonly (readonly [name: string, size: number])[],
): number {
  const kept = new Map(cuts.flatMap((at) => keptAt(at)));
  const starts = [0, ...cuts.map((cut) => cut + 1)];
  const segments = starts.map((start, index) =>
    sizes.slice(start, starts[index + 1] ?? sizes.length).reduce((sum, size) => sum + size, 0),
  );
  return [...kept.values()].reduce((sum, size) => sum + size, 0) + Math.max(...segments);
}
