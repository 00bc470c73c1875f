import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LayoutNode, keepDistance, layOutGraph } from '../../../src/kit/draw/graph-layout.ts';

const spacing = { nodeWidth: 100, gap: 20, laneGap: 10 };

function node(id: string, ...needs: string[]): LayoutNode {
  return { id, needs };
}

test('a chain is in one column, and an edge that skips a layer runs in a lane beside it', () => {
  const chain = [node('pack'), node('train', 'pack'), node('verify', 'pack', 'train')];
  expect(layOutGraph(chain, spacing)).toEqual({
    nodes: [
      { id: 'pack', x: 50, layer: 0 },
      { id: 'train', x: 50, layer: 1 },
      { id: 'verify', x: 50, layer: 2 },
    ],
    edges: [
      { from: 'pack', to: 'train' },
      { from: 'pack', to: 'verify', lane: 110 },
      { from: 'train', to: 'verify' },
    ],
    width: 110,
    layers: 3,
  });
});

test('what has one parent and one child stands between its neighbours', () => {
  const fan = [node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c')];
  expect(layOutGraph(fan, spacing).nodes.map(({ id, x }) => [id, x])).toEqual([
    ['a', 110],
    ['b', 50],
    ['c', 170],
    ['d', 110],
  ]);
});

test('branches do not cross: nodes follow the order of what they need', () => {
  const crossed = [node('a'), node('b'), node('of b', 'b'), node('of a', 'a')];
  const { nodes } = layOutGraph(crossed, spacing);
  const x = new Map(nodes.map((each) => [each.id, each.x]));
  expect((x.get('of a') ?? 0) < (x.get('of b') ?? 0)).toBe((x.get('a') ?? 0) < (x.get('b') ?? 0));
});

test('needs that are not part of the graph are ignored, and no graph is an empty drawing', () => {
  expect(layOutGraph([node('a', 'elsewhere')], spacing)).toMatchObject({ edges: [], layers: 1, width: 100 });
  expect(layOutGraph([], spacing)).toEqual({ nodes: [], edges: [], layers: 0, width: 0 });
});

test('positions that would come too close share the distance they lack', () => {
  expect(keepDistance([0, 100, 200], 50)).toEqual([0, 100, 200]);
  expect(keepDistance([100, 100], 50)).toEqual([75, 125]);
  expect(keepDistance([100, 0, 300], 50)).toEqual([25, 75, 300]);
});

const graphs = fc
  .integer({ min: 1, max: 14 })
  .chain((size) => fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: size, maxLength: size }))
  .map((needs) =>
    needs.map((each, id) => node(`${id}`, ...new Set(id === 0 ? [] : each.map((need) => `${need % id}`)))),
  );

test('in any graph everything flows downwards, no boxes overlap and no lane crosses a box', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { nodes, edges, width } = layOutGraph(graph, spacing);
      const placed = new Map(nodes.map((each) => [each.id, each]));
      for (const { from, to, lane } of edges) {
        const [upper, lower] = [placed.get(from)?.layer ?? 0, placed.get(to)?.layer ?? 0];
        expect(upper).toBeLessThan(lower);
        expect(lane === undefined).toBe(lower - upper === 1);
        const passed = nodes.filter(({ layer }) => layer > upper && layer < lower);
        for (const { x } of passed) expect(lane).toBeGreaterThan(x + spacing.nodeWidth / 2);
      }
      for (const a of nodes) {
        expect(a.x - spacing.nodeWidth / 2).toBeGreaterThanOrEqual(-1);
        expect(a.x + spacing.nodeWidth / 2).toBeLessThanOrEqual(width + 1);
        for (const b of nodes) {
          if (a.id < b.id && a.layer === b.layer) expect(Math.abs(a.x - b.x)).toBeGreaterThanOrEqual(119);
        }
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});
