import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/pipeline/execute/event.ts';
import { type FrameOptions, liveFrame } from '../../../src/pipeline/console/live-frame.ts';
import { paintWith } from '../../../src/core/text/paint.ts';
import { RunState } from '../../../src/pipeline/console/run-state.ts';
import { at, failedRun, partlyCachedRun, workspace } from './sample-events.ts';

const options: FrameOptions = {
  ...{ paint: paintWith(false), columns: 100, lines: 20, last: false, workspace, now: at(6), spinner: '*' },
};

/** The frame after the first so many seconds of a recording. */
function frameAfter(events: readonly FlowEvent[], seconds: number, changes: Partial<FrameOptions> = {}): string {
  const state = new RunState();
  for (const event of events) if (event.at <= at(seconds)) state.apply(event);
  return liveFrame(state.tasks, { ...options, now: at(seconds), ...changes }).join('\n');
}

test('a running task shows its bar, the time left, its figures and, below, why it runs', () => {
  expect(frameAfter(partlyCachedRun, 32)).toBe(`  ↓ synthesize  from cache
  ↓ pack        from cache
  * train       ━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌  15 %  1 min 04 s left  21.4 images/s  loss 4.90  96 of 640 steps
      loss.margin 0.5 -> 0.4 (quickstart.yaml:14)
      warning: the loss rises
  · verify      after train
  · report      after train, verify`);
});

test('a narrow terminal gets a short bar and lines that end in an ellipsis', () => {
  expect(frameAfter(partlyCachedRun, 5, { columns: 50 }).split('\n').slice(2, 4)).toEqual([
    '  * train       ╌╌╌╌╌╌╌╌   3 %  1 min 33 s left …',
    '      loss.margin 0.5 -> 0.4 (quickstart.yaml:14)',
  ]);
});

test('reasons are left out before tasks are, and tasks are folded by state before any line is lost', () => {
  expect(frameAfter(partlyCachedRun, 5, { lines: 5 })).toBe(`  ↓ synthesize  from cache
  ↓ pack        from cache
  * train       ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌   3 %  1 min 33 s left  20.9 images/s  loss 7.12  20 of 640 steps
  · verify      after train
  · report      after train, verify`);
  expect(frameAfter(partlyCachedRun, 5, { lines: 3, columns: 60 })).toBe(`  ↓ 2 tasks from cache
  · 2 tasks waiting
  * train     ╌╌╌╌╌╌╌╌   3 %  1 min 33 s left  20.9 images…`);
});

test('a task that is tried again says which attempt it is, what ended the last one and from where it goes on', () => {
  expect(frameAfter(failedRun, 8).split('\n').slice(2, 4)).toEqual([
    '  * train       2 s',
    '      resumes from step 20; attempt 2: its process was killed by SIGABRT',
  ]);
});

test('a failed task says where its log is while others still run', () => {
  expect(frameAfter(failedRun, 9)).toBe(`  ↓ synthesize  from cache
  ↓ pack        from cache
  ✖ train       record-truncated: expected 6272 bytes of image, found 1804
      log: runs/2026-01-05-quickstart-1/train.log
  - verify      skipped: train failed
  - report      skipped: train failed`);
});

test('tasks that were running when the run was interrupted are told from those that never started', () => {
  const state = new RunState();
  for (const event of partlyCachedRun) if (event.at <= at(30)) state.apply(event);
  const result = { outcome: 'interrupted' } as const;
  state.apply({ at: at(31), type: 'attempt-ended', task: 'train', attempt: 1, result, durationMs: 30_900 });
  state.apply({ at: at(31), type: 'task-ended', task: 'train', result });
  expect(liveFrame(state.tasks, { ...options, last: true }).join('\n')).toBe(`  ↓ synthesize  from cache
  ↓ pack        from cache
  ■ train       interrupted
  · verify      not started
  · report      not started`);
});

test('colour is in the frame only where it is wanted', () => {
  expect(frameAfter(partlyCachedRun, 32)).not.toContain('\u001b');
  expect(frameAfter(partlyCachedRun, 32, { paint: paintWith(true) })).toContain('\u001b[33m*\u001b[39m train');
});

test('a task that waits shows what it waits for', () => {
  const waiting: FlowEvent = {
    at: at(5),
    type: 'task-waiting',
    task: 'verify',
    because: 'run 7 makes the same result',
  };
  expect(frameAfter([...partlyCachedRun.slice(0, 4), waiting], 5)).toContain(
    '  · verify      run 7 makes the same result',
  );
});
