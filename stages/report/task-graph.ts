import { humanDuration } from '../../src/core/human.ts';
import { type DrawnGraph, drawGraph } from '../../src/kit/draw/graph.ts';
import type { LineageTask } from '../../src/stage-api/lineage.ts';

/** What one box of the graph shows: one task, or all instances of a stage that has many. */
export interface TaskGroup {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly durationMs: number;
  readonly needs: readonly string[];
}

/** More instances of a stage than this share a box. */
const maxOwnBoxes = 3;

/** The boxes of the graph, in the order of the tasks. */
export function groupTasks(tasks: readonly LineageTask[]): readonly TaskGroup[] {
  const instances = groupBy(tasks, (task) => task.stage);
  const boxOf = (task: LineageTask): string =>
    (instances.get(task.stage)?.length ?? 0) > maxOwnBoxes ? task.stage : task.id;
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

/** The graph of the tasks; each box carries a bar as long as its share of the whole time. */
export function drawTaskGraph(tasks: readonly LineageTask[]): DrawnGraph {
  const groups = groupTasks(tasks);
  const totalMs = groups.reduce((sum, each) => sum + each.durationMs, 0);
  const boxes = groups.map(({ id, title, kind, durationMs, needs }) => {
    const time = humanDuration(durationMs);
    const details = title === kind ? time : `${kind}, ${time}`;
    return { id, title, details, needs, share: totalMs === 0 ? 0 : durationMs / totalMs };
  });
  const titles = groups.map(({ title }) => title).join(', ');
  return drawGraph(boxes, (layers) => `${tasks.length} tasks in ${layers} layers: ${titles}`);
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
