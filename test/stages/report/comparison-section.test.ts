import { expect, it } from 'vitest';
import type { LineageTask } from '../../../src/stage-api/lineage.ts';
import { comparisonSection } from '../../../stages/report/comparison-section.ts';
import { sampleLineage } from './sample-content.ts';

function task(id: string, params: LineageTask['params'], figures: Readonly<Record<string, number>>): LineageTask {
  const [first] = sampleLineage.tasks;
  if (first === undefined) throw new Error('the sample has tasks');
  return {
    ...first,
    ...{ id, stage: id.split('[')[0] ?? '', params, seed: null },
    figures: Object.entries(figures).map(([name, value]) => ({ name, value })),
  };
}

const tasks = [0.1, 0.3, 0.5].flatMap((margin) =>
  [1, 2].map((seed) =>
    task(
      `verify[margin=${margin},seed=${seed}]`,
      { batch: 32, loss: { scale: 64 * margin } },
      { accuracy: 0.9 + margin / 10 + seed / 100, pairs: 600 },
    ),
  ),
);

it('has a line for each choice, with what differs, and the accuracy against the margin', () => {
  const text = comparisonSection({ ...sampleLineage, tasks: [...sampleLineage.tasks, ...tasks] })?.text ?? '';
  expect([...text.matchAll(/<th(?: [^>]*)?>([^<]*)</g)].map(([, head]) => head)).toEqual([
    'margin',
    'seed',
    'loss.scale',
    'accuracy',
  ]);
  expect(text.match(/<tr>/g)).toHaveLength(1 + tasks.length);
  expect(text).toContain('0.9200');
  expect(text).toContain('accuracy against margin: a dot for each of 6 choices');
  // Means over the two seeds, of three margins: one line.
  expect(text.match(/class="series line/g)).toHaveLength(1);
  expect(/class="series dots[^>]*d="([^"]*)"/.exec(text)?.[1]?.split('M')).toHaveLength(1 + tasks.length);
});

it('is left out where nothing is compared', () => {
  expect(comparisonSection(sampleLineage)).toBeUndefined();
  expect(comparisonSection({ ...sampleLineage, tasks: tasks.slice(0, 1) })).toBeUndefined();
});
