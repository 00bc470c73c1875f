import { layOutGraph, type PlacedEdge, type PlacedNode } from './graph-layout.ts';
import { type Html, markup } from './html.ts';

/** A box of a graph that flows from top to bottom. */
export interface GraphBox {
  readonly id: string;
  readonly title: string;
  /** Second line: what it is, how long it took. */
  readonly details: string;
  /** Length of the bar at the bottom of the box, 0 to 1. */
  readonly share: number;
  /** Ids of the boxes it takes from. */
  readonly needs: readonly string[];
}

export interface DrawnGraph {
  readonly drawing: Html;
  /** In pixels. */
  readonly width: number;
}

const box = { width: 148, height: 44, gap: 14, drop: 26 } as const;

/** A graph without cycles as SVG; `describe` names it, given its number of layers, for those who cannot see it. */
export function drawGraph(boxes: readonly GraphBox[], describe: (layers: number) => string): DrawnGraph {
  const layout = layOutGraph(boxes, { nodeWidth: box.width, gap: box.gap, laneGap: 14 });
  const height = layout.layers * (box.height + box.drop) - box.drop;
  const placed = new Map(layout.nodes.map((node) => [node.id, node]));
  const drawing = markup`<svg
    class="graph"
    viewBox="-1 -1 ${layout.width + 2} ${height + 2}"
    width="${layout.width + 2}"
    height="${height + 2}"
    role="img"
    aria-label="${describe(layout.layers)}"
  >
    <g class="edges">${layout.edges.map((edge) => drawEdge(edge, placed))}</g>
    ${boxes.map((each) => drawBox(each, placed.get(each.id)))}
  </svg>`;
  return { drawing, width: layout.width };
}

function drawBox({ title, details, share }: GraphBox, node: PlacedNode | undefined): Html | undefined {
  if (node === undefined) return undefined;
  const [x, y] = [node.x - box.width / 2, topOf(node.layer)];
  return markup`<g class="box"
    ><title>${title}: ${details}</title>
    <rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="3" />
    <path class="share" d="M${x + 1} ${y + box.height - 2}h${Math.round(share * (box.width - 2))}" />
    <text class="name" x="${x + 10}" y="${y + 18}">${shorten(title, 20)}</text>
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

function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
