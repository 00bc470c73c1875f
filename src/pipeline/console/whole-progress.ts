import { humanDuration } from '../../core/human.ts';
import { remainingMs } from './progress-text.ts';
import type { TaskState } from './run-state.ts';

export interface WholeOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the run began. */
  readonly startedAt: number;
  /** The stage of a task: tasks of one stage take about as long. */
  readonly stageOf: (task: string) => string;
  /** How long a task took the last time. */
  readonly lastDurationMs: (task: string) => number | undefined;
}

/** `3 of 8 tasks, 2 min 10 s so far, about 20 min left`: how far the whole run is. Empty for a run of one task. */
export function wholeText(tasks: readonly TaskState[], options: WholeOptions): string {
  if (tasks.length < 2) return '';
  const ended = tasks.filter(({ phase }) => phase === 'ended').length;
  const { leftMs, isWhole } = timeLeft(tasks, options);
  const left = `${isWhole ? 'about' : 'at least'} ${roundedDuration(leftMs)} left`;
  const parts = [`${ended} of ${tasks.length} tasks`, `${roundedDuration(options.now - options.startedAt)} so far`];
  return [...parts, ...(leftMs > 0 ? [left] : [])].join(', ');
}

/**
 * When the last task will have ended, if as many run at a time as do now, each as soon as the tasks it needs have. A task
 * takes as long as it did the last time, or as those of its stage in this run. `isWhole`: this is known of every task.
 */
function timeLeft(
  tasks: readonly TaskState[],
  options: WholeOptions,
): { readonly leftMs: number; readonly isWhole: boolean } {
  const open = tasks.filter(({ phase }) => phase !== 'ended');
  const running = open.filter(({ phase }) => phase === 'running');
  const expected = expectations(tasks, options);
  const free = new Array<number>(Math.max(1, running.length)).fill(0);
  const ends = new Map<string, number>();
  let isWhole = true;
  // Running ones first, since the others take their places; an experiment names needs before what needs them.
  for (const task of [...running, ...open.filter(({ phase }) => phase !== 'running')]) {
    const left = leftOf(task, expected(task), options.now);
    if (left === undefined) isWhole = false;
    const soonest = free.indexOf(Math.min(...free));
    const begin = Math.max(free[soonest] ?? 0, ...task.needs.map((need) => ends.get(need) ?? 0));
    const end = begin + (left ?? 0);
    free[soonest] = end;
    ends.set(task.id, end);
  }
  return { leftMs: Math.max(0, ...free), isWhole };
}

function leftOf(task: TaskState, expectedMs: number | undefined, now: number): number | undefined {
  if (task.phase !== 'running') return expectedMs;
  const byProgress = task.progress === undefined ? undefined : remainingMs(task.progress, now);
  if (byProgress !== undefined || expectedMs === undefined) return byProgress;
  return Math.max(0, expectedMs - (now - (task.startedAt ?? now)));
}

function expectations(
  tasks: readonly TaskState[],
  { stageOf, lastDurationMs }: WholeOptions,
): (task: TaskState) => number | undefined {
  const done = new Map<string, { sum: number; count: number }>();
  for (const { id, result } of tasks) {
    if (result?.outcome !== 'done') continue;
    const known = done.get(stageOf(id)) ?? { sum: 0, count: 0 };
    done.set(stageOf(id), { sum: known.sum + result.durationMs, count: known.count + 1 });
  }
  return ({ id }) => {
    const alike = done.get(stageOf(id));
    return alike === undefined ? lastDurationMs(id) : alike.sum / alike.count;
  };
}

/** Without tenths, which would flicker. */
function roundedDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return seconds < 60 ? `${seconds} s` : humanDuration(seconds * 1000);
}
