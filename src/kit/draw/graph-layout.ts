/** What has to be known of a node to place it. */
export interface LayoutNode {
  readonly id: string;
  /** Ids of the nodes it takes from. */
  readonly needs: readonly string[];
}

export interface LayoutSpacing {
  readonly nodeWidth: number;
  /** Between neighbouring nodes of a layer. */
  readonly gap: number;
  /** Between neighbouring lanes, and between the boxes and the first lane. */
  readonly laneGap: number;
}

export interface PlacedNode {
  readonly id: string;
  /** Centre of the node, from the left end of the drawing. */
  readonly x: number;
  /** From 0, downwards. */
  readonly layer: number;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  /** Where an edge over several layers passes those between: straight down, to the right of all their boxes. */
  readonly lane?: number;
}

export interface GraphLayout {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly layers: number;
}

/**
 * Places a graph without cycles in layers: each node one layer below the lowest of those it needs; within a layer in
 * the order of, and as near as possible to, the mean of its neighbours (Sugiyama, Tagawa and Toda 1981). Edges that
 * skip layers run through lanes at the right, one for all such edges of a node, so no edge ever crosses a box. Needs
 * that are not nodes are ignored. Same input, same layout.
 */
export function layOutGraph(nodes: readonly LayoutNode[], spacing: LayoutSpacing): GraphLayout {
  const known = new Set(nodes.map(({ id }) => id));
  const edges = nodes.flatMap(({ id, needs }) =>
    needs.filter((need) => known.has(need)).map((from) => ({ from, to: id })),
  );
  const layerOf = layersOf(nodes, edges);
  const layers = 1 + Math.max(-1, ...layerOf.values());
  const springs = springsOf(edges, layerOf);
  let rows = Array.from({ length: layers }, (_, layer) =>
    nodes.filter(({ id }) => layerOf.get(id) === layer).map(({ id }) => id),
  );
  for (let sweep = 0; sweep < 4; sweep += 1) rows = orderRows(rows, springs, sweep % 2 === 0);
  const centres = settle(rows, springs, spacing.nodeWidth + spacing.gap);
  const left = Math.min(Infinity, ...centres.values()) - spacing.nodeWidth / 2;
  const placed = nodes.map(({ id }): PlacedNode => ({
    id,
    x: Math.round((centres.get(id) ?? 0) - left),
    layer: layerOf.get(id) ?? 0,
  }));
  const rights = rows.map((row) =>
    Math.max(...placed.filter(({ id }) => row.includes(id)).map(({ x }) => x + spacing.nodeWidth / 2)),
  );
  const lanes = placeLanes(edges, layerOf, { rights, laneGap: spacing.laneGap });
  return {
    nodes: placed,
    edges: edges.map(({ from, to }) => {
      const lane = (layerOf.get(to) ?? 0) - (layerOf.get(from) ?? 0) > 1 ? lanes.get(from) : undefined;
      return lane === undefined ? { from, to } : { from, to, lane };
    }),
    width: Math.max(0, ...rights, ...lanes.values()),
    layers,
  };
}

interface Edge {
  readonly from: string;
  readonly to: string;
}

/** Pulls of every node: its neighbours above and below, those in the next layer harder than those farther away. */
type Springs = ReadonlyMap<
  string,
  readonly { readonly id: string; readonly above: boolean; readonly weight: number }[]
>;

function layersOf(nodes: readonly LayoutNode[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const needsOf = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of edges) needsOf.get(to)?.push(from);
  const layers = new Map<string, number>();
  const layerOf = (id: string): number => {
    const found = layers.get(id);
    if (found !== undefined) return found;
    const layer = 1 + Math.max(-1, ...(needsOf.get(id) ?? []).map(layerOf));
    layers.set(id, layer);
    return layer;
  };
  for (const { id } of nodes) layerOf(id);
  return layers;
}

/** Long edges barely pull: they have a lane, and boxes belong below the box they follow. */
function springsOf(edges: readonly Edge[], layerOf: ReadonlyMap<string, number>): Springs {
  const springs = new Map<string, { id: string; above: boolean; weight: number }[]>();
  const pull = (id: string, spring: { id: string; above: boolean; weight: number }): void => {
    springs.set(id, [...(springs.get(id) ?? []), spring]);
  };
  for (const { from, to } of edges) {
    const weight = (layerOf.get(to) ?? 0) - (layerOf.get(from) ?? 0) > 1 ? 0.001 : 1;
    pull(from, { id: to, above: false, weight });
    pull(to, { id: from, above: true, weight });
  }
  return springs;
}

/** Sorts every row by the mean position of the neighbours in rows already passed; ties stay as they were. */
function orderRows(rows: readonly (readonly string[])[], springs: Springs, downwards: boolean): string[][] {
  const positions = new Map<string, number>();
  const sorted = (downwards ? rows : [...rows].reverse()).map((row) => {
    const wishes = row.map((id, index) => {
      const passed = (springs.get(id) ?? []).filter(({ above }) => above === downwards);
      return { id, wish: weightedMean(passed, positions) ?? (index + 0.5) / row.length };
    });
    const ordered = wishes.sort((a, b) => a.wish - b.wish).map(({ id }) => id);
    for (const [index, id] of ordered.entries()) positions.set(id, (index + 0.5) / ordered.length);
    return ordered;
  });
  return downwards ? sorted : sorted.reverse();
}

/** Sweeps over the rows until every node stands, as far as its row allows, at the weighted mean of its neighbours. */
function settle(rows: readonly (readonly string[])[], springs: Springs, distance: number): ReadonlyMap<string, number> {
  const centres = new Map<string, number>();
  for (const row of rows) {
    for (const [index, id] of row.entries()) centres.set(id, (index - (row.length - 1) / 2) * distance);
  }
  for (let sweep = 0; sweep < 60; sweep += 1) {
    for (const row of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      const wishes = row.map((id) => weightedMean(springs.get(id) ?? [], centres) ?? centres.get(id) ?? 0);
      for (const [index, centre] of keepDistance(wishes, distance).entries()) centres.set(row[index] ?? '', centre);
    }
  }
  return centres;
}

function weightedMean(
  pulls: readonly { readonly id: string; readonly weight: number }[],
  positions: ReadonlyMap<string, number>,
): number | undefined {
  let sum = 0;
  let weights = 0;
  for (const { id, weight } of pulls) {
    sum += weight * (positions.get(id) ?? 0);
    weights += weight;
  }
  return weights === 0 ? undefined : sum / weights;
}

/**
 * The positions nearest to the wishes, in the sense of least squares, that keep the order and a distance: neighbours
 * that would come too close are pooled and move as one to the mean of their wishes (Ayer et al. 1955).
 */
export function keepDistance(wishes: readonly number[], distance: number): readonly number[] {
  const pools: { sum: number; count: number }[] = [];
  for (const [index, wish] of wishes.entries()) {
    let pool = { sum: wish - index * distance, count: 1 };
    for (
      let last = pools.at(-1);
      last !== undefined && last.sum / last.count > pool.sum / pool.count;
      last = pools.at(-1)
    ) {
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  const starts = pools.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  return starts.map((start, index) => start + index * distance);
}

/** One lane for the long edges of each node that has any; short lanes are placed first, and so nearest to the boxes. */
function placeLanes(
  edges: readonly Edge[],
  layerOf: ReadonlyMap<string, number>,
  { rights, laneGap }: { readonly rights: readonly number[]; readonly laneGap: number },
): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { from, to } of edges) {
    const last = (layerOf.get(to) ?? 0) - 1;
    if (last > (layerOf.get(from) ?? 0)) ends.set(from, Math.max(last, ends.get(from) ?? 0));
  }
  const lanes = [...ends].map(([id, last]) => ({ id, first: (layerOf.get(id) ?? 0) + 1, last }));
  lanes.sort((a, b) => a.last - a.first - (b.last - b.first));
  const occupied = [...rights];
  return new Map(
    lanes.map(({ id, first, last }) => {
      const x = Math.max(...occupied.slice(first, last + 1)) + laneGap;
      occupied.fill(x, first, last + 1);
      return [id, x];
    }),
  );
}
