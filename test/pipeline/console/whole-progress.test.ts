import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LastLogLines } from '../../../src/pipeline/console/last-log-line.ts';
import { paintWith } from '../../../src/core/text/paint.ts';
import { liveFrame } from '../../../src/pipeline/console/live-frame.ts';
import type { TaskState } from '../../../src/pipeline/console/run-state.ts';
import { wholeText } from '../../../src/pipeline/console/whole-progress.ts';

const minute = 60_000;

function task(id: string, change: Partial<TaskState> = {}): TaskState {
  const nothing = { needs: [], reasons: [], attempt: 1, figures: [], warnings: [], tail: [], durationMs: 0 };
  return { id, phase: 'planned', ...nothing, ...change };
}

const done = (id: string, durationMs: number): TaskState =>
  task(id, { phase: 'ended', result: { outcome: 'done', key: 'k' as never, durationMs } });

function whole(tasks: readonly TaskState[], last: Readonly<Record<string, number>> = {}): string {
  const stageOf = (id: string): string => id.split('[')[0] ?? '';
  return wholeText(tasks, { now: 10 * minute, startedAt: 0, stageOf, lastDurationMs: (id) => last[id] });
}

test('a run of one task says nothing of the whole', () => {
  expect(whole([task('a')])).toBe('');
});

test('tasks of a stage take as long as those of it that are done, one after the other where one runs at a time', () => {
  const running = task('train[3]', { phase: 'running', startedAt: 9 * minute });
  const tasks = [done('train[1]', 4 * minute), done('train[2]', 6 * minute), running, task('train[4]')];
  expect(whole(tasks)).toBe('2 of 4 tasks, 10 min 00 s so far, about 9 min 00 s left');
});

test('as many run at a time as do now, and a task begins when those it needs have ended', () => {
  const running = ['a', 'b'].map((id) => task(id, { phase: 'running', startedAt: 10 * minute }));
  const waiting = [task('c'), task('d'), task('e', { needs: ['c', 'd'] })];
  const last = { a: 2 * minute, b: 3 * minute, c: minute, d: minute, e: minute };
  // a 0-2, b 0-3, c 2-3, d 3-4, e 4-5
  expect(whole([...running, ...waiting], last)).toBe('0 of 5 tasks, 10 min 00 s so far, about 5 min 00 s left');
});

test('progress tells more than the last time, and what is not known makes it "at least"', () => {
  const since = { done: 0, at: 0 };
  const progress = { done: 50, total: 100, unit: 'steps', figures: {}, at: 10 * minute, since };
  const tasks = [task('a', { phase: 'running', startedAt: 0, progress }), task('b')];
  expect(whole(tasks, { a: minute })).toBe('0 of 2 tasks, 10 min 00 s so far, at least 10 min 00 s left');
  expect(whole([task('a', { phase: 'running' }), task('b')])).toBe('0 of 2 tasks, 10 min 00 s so far');
});

test('the last line of a log is shown, of a bar that writes over its line what stands there, without control characters', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faceflow-log-'));
  try {
    const log = join(folder, 'a.log');
    const lines = new LastLogLines();
    expect(lines.of(log, 0)).toBe('');
    writeFileSync(log, '--- attempt 1, key 0\n');
    expect(lines.of(log, 1000)).toBe('');
    writeFileSync(log, '--- attempt 1, key 0\nepoch 1\n 10%\r 20%\r\u001b[31m 30%\u001b[0m');
    expect(lines.of(log, 1200)).toBe('');
    expect(lines.of(log, 2000)).toBe('30%');
    const options = { paint: paintWith(false), columns: 80, lines: 9, last: false, workspace: '', spinner: '*' };
    const running = task('a', { phase: 'running', startedAt: 0, logFile: log });
    const shown = liveFrame([running], { ...options, now: 2000, lastLine: () => lines.of(log, 2000), whole: 'whole' });
    expect(shown).toEqual(['  * a         2 s  30%', '  whole']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
