import { counted, humanBytes, humanDuration } from '../../core/human.ts';
import { unreachable } from '../../core/failure.ts';
import { figuresText } from './figure-text.ts';
import { outcomeText } from './outcome-text.ts';
import type { Paint } from '../../core/text/paint.ts';
import { percent, progressBar, progressParts } from './progress-text.ts';
import type { TaskState } from './run-state.ts';
import { shownPath } from './run-text.ts';
import { padText, textWidth, truncateText } from '../../core/text/terminal-text.ts';

export interface FrameOptions {
  readonly paint: Paint;
  /** Width of the terminal. */
  readonly columns: number;
  /** Lines the frame may take. */
  readonly lines: number;
  /** The frame that stays on the screen: what has not started by now will not. */
  readonly last: boolean;
  readonly workspace: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The sign in front of a running task; changes from frame to frame. */
  readonly spinner: string;
  /** How far the whole run is; empty if there is nothing to say. */
  readonly whole?: string;
  /** What a task has printed last; empty if that is nothing. */
  readonly lastLine?: (task: TaskState) => string;
}

/** Cached tasks are named one by one up to this many. */
const namedCachedTasks = 3;
const nameColumnsAtMost = 32;

type Group = 'cached' | 'done' | 'failed' | 'interrupted' | 'skipped' | 'running' | 'waiting';

interface Row {
  readonly line: string;
  /** Dim lines below it. */
  readonly notes: readonly string[];
}

/** One line per task, in the order of the experiment, folded by state where there are more tasks than lines; then how far the whole is. */
export function liveFrame(tasks: readonly TaskState[], options: FrameOptions): readonly string[] {
  const { whole = '', columns, lines, paint } = options;
  if (whole === '' || lines < 4) return taskLines(tasks, options);
  return [...taskLines(tasks, { ...options, lines: lines - 1 }), truncateText(paint.dim(`  ${whole}`), columns - 1)];
}

function taskLines(tasks: readonly TaskState[], options: FrameOptions): readonly string[] {
  const groups = new Map(tasks.map((task) => [task.id, groupOf(task)]));
  const folded = foldGroups(groups, options.lines);
  const single = tasks.filter((task) => !folded.has(groupOf(task)));
  const nameColumns = Math.min(nameColumnsAtMost, Math.max(8, ...single.map((task) => textWidth(task.id))));
  const rows = single.map((task) => drawRow(task, { ...options, nameColumns, groups }));
  const foldedLines = [...folded].map(([group, count]) => foldedLine(group, count, options));
  const withNotes = [...foldedLines, ...rows.flatMap((row) => [row.line, ...row.notes])];
  const lines = withNotes.length <= options.lines ? withNotes : [...foldedLines, ...rows.map((row) => row.line)];
  return lines.map((line) => truncateText(line, options.columns - 1));
}

/** Folds one state after the other, the least interesting first, until the rest fits; returns the number of tasks of each. */
function foldGroups(groups: ReadonlyMap<string, Group>, lines: number): ReadonlyMap<Group, number> {
  const counts = new Map<Group, number>();
  for (const group of groups.values()) counts.set(group, (counts.get(group) ?? 0) + 1);
  const folded = new Map<Group, number>();
  let size = groups.size;
  for (const group of ['cached', 'waiting', 'done', 'skipped', 'interrupted', 'failed', 'running'] as const) {
    const count = counts.get(group) ?? 0;
    const manyCached = group === 'cached' && count > namedCachedTasks;
    if (count < 2 || (size <= lines && !manyCached)) continue;
    folded.set(group, count);
    size -= count - 1;
  }
  return folded;
}

function foldedLine(group: Group, count: number, { paint, spinner }: FrameOptions): string {
  const tasks = counted(count, 'task');
  switch (group) {
    case 'cached':
      return paint.dim(`  ↓ ${tasks} from cache`);
    case 'done':
      return `  ${paint.green('✔')} ${tasks} done`;
    case 'failed':
      return `  ${paint.red('✖')} ${tasks} failed`;
    case 'interrupted':
      return `  ${paint.yellow('■')} ${tasks} interrupted`;
    case 'skipped':
      return paint.dim(`  - ${tasks} skipped`);
    case 'running':
      return `  ${paint.yellow(spinner)} ${tasks} running`;
    case 'waiting':
      return paint.dim(`  · ${tasks} waiting`);
    default:
      return unreachable(group);
  }
}

function groupOf(task: TaskState): Group {
  if (task.result !== undefined) return task.result.outcome;
  return task.phase === 'running' ? 'running' : 'waiting';
}

interface RowOptions extends FrameOptions {
  readonly nameColumns: number;
  readonly groups: ReadonlyMap<string, Group>;
}

function drawRow(task: TaskState, options: RowOptions): Row {
  const group = groupOf(task);
  const { paint } = options;
  const name = padText(truncateText(task.id, options.nameColumns), options.nameColumns);
  const warnings = task.warnings.slice(-1).map((warning) => `      ${paint.yellow(`warning: ${warning}`)}`);
  switch (group) {
    case 'cached':
      return { line: paint.dim(`  ↓ ${name}  from cache`), notes: [] };
    case 'done':
      return { line: `  ${paint.green('✔')} ${name}  ${doneText(task, options)}`, notes: warnings };
    case 'failed':
      return failedText(task, name, options);
    case 'interrupted':
      return { line: `  ${paint.yellow('■')} ${name}  interrupted`, notes: [] };
    case 'skipped':
      return { line: paint.dim(`  - ${name}  skipped: ${skippedText(task)}`), notes: [] };
    case 'running':
      return {
        line: `  ${paint.yellow(options.spinner)} ${name}  ${runningText(task, options)}`,
        notes: [...whyLines(task, options), ...warnings],
      };
    case 'waiting':
      return { line: paint.dim(`  · ${name}  ${waitingText(task, options)}`), notes: [] };
    default:
      return unreachable(group);
  }
}

function doneText(task: TaskState, { paint }: FrameOptions): string {
  const duration = task.result?.outcome === 'done' ? task.result.durationMs : task.durationMs;
  const memory = task.peakMemoryBytes === undefined ? [] : [humanBytes(task.peakMemoryBytes)];
  const facts = paint.dim([humanDuration(duration), ...memory].join(', '));
  return task.figures.length === 0 ? facts : `${facts}  ${figuresText(task.figures)}`;
}

function failedText(task: TaskState, name: string, options: FrameOptions): Row {
  const { paint, workspace, last } = options;
  const attempt = task.result?.outcome === 'failed' ? task.result.attempt : undefined;
  const text = attempt === undefined ? 'failed' : outcomeText(attempt);
  const showLog = task.logFile !== undefined && !last;
  const log = showLog ? [paint.dim(`      log: ${shownPath(task.logFile, workspace)}`)] : [];
  return { line: `  ${paint.red('✖')} ${name}  ${paint.red(text)}`, notes: log };
}

function skippedText(task: TaskState): string {
  return task.result?.outcome === 'skipped' ? task.result.because : '';
}

function runningText(task: TaskState, { paint, columns, now, lastLine }: FrameOptions): string {
  const { progress } = task;
  const elapsed = paint.dim(humanSeconds(now - (task.startedAt ?? now)));
  if (progress === undefined) return `${elapsed}  ${lastLine?.(task) ?? ''}`.trimEnd();
  const parts = progressParts(progress, now);
  if (progress.total === undefined) return `${parts.join('  ')}  ${elapsed}`;
  const bar = progressBar(percent(progress) / 100, barColumns(columns));
  return `${paint.cyan(bar.done)}${paint.dim(bar.rest)} ${parts.join('  ')}`;
}

function barColumns(columns: number): number {
  if (columns >= 110) return 24;
  return columns >= 90 ? 16 : 8;
}

/** Why a task runs is told for so long: it is of use once. */
const toldReasonsMs = 60_000;

/** Why it runs: one line where the reasons fit, otherwise the first and how many more. */
function whyLines(task: TaskState, { paint, columns, now }: FrameOptions): readonly string[] {
  const reasons = now - (task.startedAt ?? now) < toldReasonsMs ? task.reasons : [];
  const resumed = task.resumedFrom === undefined ? [] : [`resumes from step ${task.resumedFrom}`];
  const again = task.lastAttempt === undefined ? [] : [`attempt ${task.attempt}: ${outcomeText(task.lastAttempt)}`];
  const [first, ...others] = [...resumed, ...again, ...reasons.map((reason) => reason.text)];
  if (first === undefined) return [];
  const all = [first, ...others].join('; ');
  const text =
    all.length + 6 < columns ? all : [first, ...(others.length > 0 ? [`and ${others.length} more`] : [])].join('; ');
  return [paint.dim(`      ${text}`)];
}

function waitingText(task: TaskState, { groups, last }: RowOptions): string {
  if (last) return 'not started';
  if (task.waitsBecause !== undefined) return task.waitsBecause;
  const open = task.needs.filter((need) => groups.get(need) === 'running' || groups.get(need) === 'waiting');
  if (open.length === 0) return '';
  return `after ${open.slice(0, 3).join(', ')}${open.length > 3 ? ` and ${open.length - 3} more` : ''}`;
}

/** Elapsed time without tenths, which would flicker. */
function humanSeconds(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return seconds < 60 ? `${seconds} s` : humanDuration(seconds * 1000);
}
