import { expect, test } from 'vitest';
import { paintWith } from '../../../src/core/text/paint.ts';
import type { RunEnded } from '../../../src/pipeline/console/run-state.ts';
import { runSummary } from '../../../src/pipeline/console/run-text.ts';

const ended: RunEnded = {
  ...{ at: 0, type: 'run-ended', run: 'r', outcome: 'done', durationMs: 192_000, figures: [], pages: [] },
  counts: { done: 5, cached: 0, failed: 0, interrupted: 0, skipped: 0 },
};
const style = { paint: paintWith(false), workspace: '/w', experiment: 'quickstart' };

test('a finished run shows how long it took and how much of it came from the cache', () => {
  expect(runSummary(ended, style)).toEqual(['quickstart: done in 3 min 12 s - 5 tasks run, 0 from cache']);
});

test('an interrupted run says that what is finished is kept', () => {
  const counts = { done: 1, cached: 2, failed: 0, interrupted: 1, skipped: 3 };
  expect(runSummary({ ...ended, outcome: 'interrupted', counts }, style)).toEqual([
    'quickstart: interrupted after 3 min 12 s - 1 task run, 2 from cache, 1 interrupted, 3 skipped; what is finished is kept',
  ]);
});

test('figures are grouped by task, and pages outside of the workspace keep their whole path', () => {
  const figures = [
    { task: 'verify[set=lfw]', name: 'accuracy', value: 0.9 },
    { task: 'verify[set=agedb]', name: 'accuracy', value: 0.8 },
    { task: 'verify[set=lfw]', name: 'deviation', value: 0.01 },
  ];
  const pages = [
    { task: 'report', path: '/w/runs/cache/ab/report.html' },
    { task: 'other', path: '/elsewhere/report.html' },
  ];
  expect(runSummary({ ...ended, figures, pages }, style).slice(1)).toEqual([
    'verify[set=lfw]: accuracy 0.900 ± 0.010',
    'verify[set=agedb]: accuracy 0.800',
    'report: runs/cache/ab/report.html',
    'other: /elsewhere/report.html',
  ]);
});
