import { humanDuration } from '../../src/core/human.ts';
import type { LineageTask } from '../../src/stage-api/lineage.ts';
import { layOutGraph, type PlacedEdge, type PlacedNode } from './graph-layout.ts';
import { type Html, markup } from './html.ts';

/** A box of the graph: one task, or all instances of a stage that has many. */
export interface GraphBox {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly durationMs: number;
  readonly needs: readonly string[];
}

/** More instances of a stage than this share a box. */
const ownBoxes = 3;
const box = { width: 148, height: 44, gap: 14, drop: 26 } as const;

/** The boxes of the graph, in the order of the tasks. */
export function graphBoxes(tasks: readonly LineageTask[]): readonly GraphBox[] {
  const instances = groupBy(tasks, (task) => task.stage);
  const boxOf = (task: LineageTask): string =>
    (instances.get(task.stage)?.length ?? 0) > ownBoxes ? task.stage : task.id;
  const boxIds = new Map(tasks.map((task) => [task.id, boxOf(task)]));
  return [...groupBy(tasks, boxOf)].map(([id, members]) => {
    const needs = members.flatMap((task) => task.needs.flatMap((need) => boxIds.get(need) ?? []));
    return {
      id,
      title: members.length === 1 ? (members[0]?.id ?? id) : `${id} × ${members.length}`,
      kind: members[0]?.kind ?? '',
      durationMs: members.reduce((sum, task) => sum + task.durationMs, 0),
      needs: [...new Set(needs)].filter((need) => need !== id),
    };
  });
}

export interface TaskGraph {
  readonly drawing: Html;
  /** In pixels. */
  readonly width: number;
}

/** The graph of the tasks as SVG, from top to bottom; each box carries a bar as long as its share of the whole time. */
export function drawTaskGraph(tasks: readonly LineageTask[]): TaskGraph {
  const boxes = graphBoxes(tasks);
  const layout = layOutGraph(boxes, { nodeWidth: box.width, gap: box.gap, laneGap: 14 });
  const height = layout.layers * (box.height + box.drop) - box.drop;
  const placed = new Map(layout.nodes.map((node) => [node.id, node]));
  const totalMs = boxes.reduce((sum, each) => sum + each.durationMs, 0);
  const words = `${tasks.length} tasks in ${layout.layers} layers: ${boxes.map((each) => each.title).join(', ')}`;
  const drawing = markup`<svg
    class="graph"
    viewBox="-1 -1 ${layout.width + 2} ${height + 2}"
    width="${layout.width + 2}"
    height="${height + 2}"
    role="img"
    aria-label="${words}"
  >
    <g class="edges">${layout.edges.map((edge) => drawEdge(edge, placed))}</g>
    ${boxes.map((each) => drawBox(each, placed.get(each.id), totalMs))}
  </svg>`;
  return { drawing, width: layout.width };
}

function drawBox(each: GraphBox, node: PlacedNode | undefined, totalMs: number): Html | undefined {
  if (node === undefined) return undefined;
  const [x, y] = [node.x - box.width / 2, topOf(node.layer)];
  const share = totalMs === 0 ? 0 : each.durationMs / totalMs;
  const time = humanDuration(each.durationMs);
  const details = each.title === each.kind ? time : `${each.kind}, ${time}`;
  return markup`<g class="box"
    ><title>${each.title}: ${details}</title>
    <rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="3" />
    <path class="share" d="M${x + 1} ${y + box.height - 2}h${Math.round(share * (box.width - 2))}" />
    <text class="name" x="${x + 10}" y="${y + 18}">${shorten(each.title, 20)}</text>
    <text x="${x + 10}" y="${y + 33}">${shorten(details, 24)}</text></g
  >`;
}

/** Leaves the box above downwards, passes the layers between in its lane, enters the box below from above. */
function drawEdge({ from, to, lane }: PlacedEdge, placed: ReadonlyMap<string, PlacedNode>): Html | undefined {
  const [upper, lower] = [placed.get(from), placed.get(to)];
  if (upper === undefined || lower === undefined) return undefined;
  const [start, end] = [topOf(upper.layer) + box.height, topOf(lower.layer)];
  const bend = box.drop / 2;
  const first = `M${upper.x} ${start}C${upper.x} ${start + bend}`;
  const last = `${lower.x} ${end - bend} ${lower.x} ${end}`;
  if (lane === undefined) return markup`<path d="${first} ${last}" />`;
  const down = `${lane} ${start + bend} ${lane} ${start + box.drop}V${end - box.drop}`;
  return markup`<path d="${first} ${down}C${lane} ${end - bend} ${last}" />`;
}

function topOf(layer: number): number {
  return layer * (box.height + box.drop);
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
