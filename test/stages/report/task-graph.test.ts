import { expect, test } from 'vitest';
import type { LineageTask } from '../../../src/stage-api/lineage.ts';
import { drawTaskGraph, groupTasks } from '../../../stages/report/task-graph.ts';
import { sampleLineage } from './sample-content.ts';

const [synthesize] = sampleLineage.tasks;

function instances(count: number): LineageTask[] {
  return Array.from({ length: count }, (_, index): LineageTask => {
    if (synthesize === undefined) throw new Error('the sample has tasks');
    return {
      ...synthesize,
      id: `verify[set=${index}]`,
      stage: 'verify',
      kind: 'verify',
      durationMs: 1000,
      needs: ['synthesize'],
    };
  });
}

test('few instances of a stage have a box each, many share one with their number', () => {
  const tasks = (count: number): LineageTask[] => [...sampleLineage.tasks.slice(0, 1), ...instances(count)];
  expect(groupTasks(tasks(3)).map(({ title }) => title)).toEqual([
    ...['synthesize', 'verify[set=0]', 'verify[set=1]', 'verify[set=2]'],
  ]);
  expect(groupTasks(tasks(18))[1]).toEqual({
    ...{ id: 'verify', title: 'verify × 18', kind: 'verify', durationMs: 18_000, needs: ['synthesize'] },
  });
});

test('every box carries its name, its time and a bar of its share', () => {
  const { drawing, width } = drawTaskGraph(sampleLineage.tasks);
  expect(width).toBe(162);
  expect(drawing.text).toContain('aria-label="4 tasks in 4 layers: synthesize, pack, train, verify"');
  expect(drawing.text).toContain('<title>train: 2 min 41 s</title>');
  expect(drawing.text).toContain('<title>pack: face2rec, 1.9 s</title>');
  expect(drawing.text.match(/class="share" d="[^"]*h123"/g)).toHaveLength(1);
});
