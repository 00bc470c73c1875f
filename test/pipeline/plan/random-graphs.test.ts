import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadExperiment } from '../../../src/pipeline/experiment/load-experiment.ts';
import type { Experiment } from '../../../src/pipeline/experiment/experiment.ts';
import { testStages } from '../experiment/load-fixture.ts';
import { workspaceOf } from '../experiment/workspace.ts';
import { MemoryKnowledge } from './memory-planning-context.ts';
import { runInMemory } from './run-in-memory.ts';

/** A graph: of each stage what it computes, and which of those before it it reads. */
interface Vertex {
  readonly command: string;
  readonly reads: readonly number[];
}

const graphs: fc.Arbitrary<readonly Vertex[]> = fc
  .array(
    fc.record({ command: fc.constantFrom('sort', 'count', 'join'), picks: fc.array(fc.nat(), { maxLength: 3 }) }),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .map((vertices) =>
    vertices.map(({ command, picks }, index) => ({
      // Commands differ, so that no two stages have a key in common.
      command: `${command} ${String(index)}`,
      reads: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
    })),
  );

/** The experiment of a graph, with its stages named and written in any order. */
function textOf(graph: readonly Vertex[], nameOf: (index: number) => string, order: readonly number[]): string {
  const stages = order.map((index): [string, object] => {
    const { command, reads } = graph[index] ?? { command: '', reads: [] };
    const inputs: Record<string, string> = {};
    for (const read of reads) inputs[`in${String(read)}`] = `\${stages.${nameOf(read)}.outputs.out}`;
    const outputs = { out: 'out.txt' };
    const given = index % 2 === 0 ? { command, outputs, inputs } : { inputs, outputs, command };
    return [nameOf(index), { with: given, uses: 'shell' }];
  });
  return JSON.stringify({ stages: Object.fromEntries(stages), name: nameOf(0) });
}

const folder = () => workspaceOf({});

const runs = { numRuns: 60 };

function loadIn(workspace: string, text: string): Experiment {
  writeFileSync(join(workspace, 'experiment.yaml'), text);
  const file = 'experiment.yaml';
  return loadExperiment({ file, workspace, overrides: [], environment: {}, stageFolders: testStages });
}

const inOrder = (graph: readonly Vertex[]) => graph.map((_, index) => index);
const plainName = (index: number) => `s${String(index)}`;

test('every task comes after those it reads', () => {
  const workspace = folder();
  fc.assert(
    fc.property(graphs, fc.infiniteStream(fc.nat()), (graph, random) => {
      const { tasks } = loadIn(workspace, textOf(graph, plainName, shuffled(graph, random)));
      const position = new Map(tasks.map(({ id }, index) => [id, index]));
      for (const [index, { reads }] of graph.entries()) {
        for (const read of reads) {
          expect(position.get(plainName(read))).toBeLessThan(position.get(plainName(index)) ?? -1);
        }
      }
      expect(tasks).toHaveLength(graph.length);
    }),
    runs,
  );
});

test('names, and the order in which things are written, are not part of any key', async () => {
  const workspace = folder();
  await fc.assert(
    fc.asyncProperty(graphs, fc.infiniteStream(fc.nat()), async (graph, random) => {
      const knowledge = new MemoryKnowledge();
      await runInMemory(loadIn(workspace, textOf(graph, plainName, inOrder(graph))), knowledge);
      expect(knowledge.executions).toHaveLength(graph.length);
      const renamed = textOf(graph, (index) => `other-${String(graph.length - index)}`, shuffled(graph, random));
      await runInMemory(loadIn(workspace, renamed), knowledge);
      expect(knowledge.executions).toHaveLength(graph.length);
    }),
    runs,
  );
});

test('a change reruns its task and those downstream that see another content, each once', async () => {
  const workspace = folder();
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(), fc.nat(), async (graph, change, cut) => {
      const knowledge = new MemoryKnowledge();
      // The output of one task is always the same: behind it, nothing runs again on its account.
      const constant = plainName(cut % graph.length);
      const content = ({ task }: { task: { id: string } }) => (task.id === constant ? 'constant' : undefined);
      await runInMemory(loadIn(workspace, textOf(graph, plainName, inOrder(graph))), knowledge, content);
      const changed = change % graph.length;
      const other = graph.map((vertex, index) => (index === changed ? { ...vertex, command: 'other' } : vertex));
      knowledge.executions.length = 0;
      await runInMemory(loadIn(workspace, textOf(other, plainName, inOrder(graph))), knowledge, content);
      expect(knowledge.executions.toSorted()).toEqual(touchedBy(changed, graph, constant).toSorted());
    }),
    runs,
  );
});

/** What runs again when one task changes, computed in another way than by the planner: forwards, along the edges. */
function touchedBy(changed: number, graph: readonly Vertex[], constant: string): string[] {
  const newContent = new Set<number>();
  const runs: string[] = [];
  for (const [index, { reads }] of graph.entries()) {
    if (index !== changed && !reads.some((read) => newContent.has(read))) continue;
    runs.push(plainName(index));
    if (plainName(index) !== constant) newContent.add(index);
  }
  return runs;
}

function shuffled(graph: readonly Vertex[], random: Iterable<number>): number[] {
  const ranks = random[Symbol.iterator]();
  return inOrder(graph)
    .map((index) => ({ index, rank: Number(ranks.next().value) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ index }) => index);
}
