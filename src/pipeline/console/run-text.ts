import { isAbsolute, relative } from 'node:path';
import { type Failure, unreachable } from '../../core/failure.ts';
import { counted, humanDuration } from '../../core/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { wrapText } from '../../core/text/terminal-text.ts';
import { enginesText } from '../record/run-facts.ts';
import { renderFailures } from '../../core/text/failure-frame.ts';
import { type Figure, figuresText } from './figure-text.ts';
import { outcomeText } from './outcome-text.ts';
import type { RunEnded, RunStarted, TaskState } from './run-state.ts';

/** How the texts of a run look. */
export interface RunStyle {
  readonly paint: Paint;
  /** Absolute. Paths below it are shown relative to it. */
  readonly workspace: string;
}

/** A path as people want to read it: relative to the workspace if it is in it, otherwise as it is. */
export function shownPath(path: string, workspace: string): string {
  if (!isAbsolute(path)) return path;
  const fromWorkspace = relative(workspace, path);
  return fromWorkspace === '' || fromWorkspace.startsWith('..') || isAbsolute(fromWorkspace) ? path : fromWorkspace;
}

/** The first line of a run: what runs, how much of it, on what, and where it is recorded. */
export function runHeading(started: RunStarted, { paint, workspace }: RunStyle): string {
  const computesNothing = started.engines?.length === 0;
  const facts = [
    shownPath(started.file, workspace),
    counted(started.tasks.length, 'task'),
    ...(computesNothing ? [] : [enginesText(started)]),
    shownPath(started.folder, workspace),
  ];
  return `${paint.bold(started.experiment)} ${paint.dim(`· ${facts.join(' · ')}`)}`;
}

/**
 * The lines that warn that the run computes with another engine than it could: a block with a rail, which catches the
 * eye even without colour.
 */
export function engineNotice(started: RunStarted, { paint }: RunStyle, columns: number): readonly string[] {
  if (started.engineNotice === undefined) return [];
  const title = `WARNING: this run computes with ${enginesText(started)}`;
  const body = started.engineNotice.split('\n').flatMap((line) => wrapText(line, columns - 3));
  const rail = paint.yellow(paint.bold('!!'));
  return [`${rail} ${paint.yellow(paint.bold(title))}`, ...body.map((line) => `${rail} ${line}`)];
}

/** Everything one needs to know about a task that failed: what went wrong, the end of its log, and where the log is. */
export function failedTask(task: TaskState, style: RunStyle & { readonly colour: boolean }): readonly string[] {
  const { paint } = style;
  const attempt = task.result?.outcome === 'failed' ? task.result.attempt : task.lastAttempt;
  if (attempt === undefined) return [];
  const tries = task.attempt > 1 ? ` in attempt ${task.attempt}` : '';
  const heading = `${task.id} failed${tries} after ${humanDuration(task.durationMs)}`;
  const listed = attempt.outcome === 'failed' && attempt.failures.length > 0;
  if (!listed) return [paint.red(paint.bold(`${heading}: ${outcomeText(attempt)}`)), ...logLines(task, style)];
  const failures = renderFailures(attempt.failures, { colour: style.colour }).split('\n');
  return [paint.red(paint.bold(heading)), ...failures.map(indent), ...logLines(task, style, attempt.failures)];
}

/** Without the failures, which stand above. */
function logLines(
  task: TaskState,
  { paint, workspace }: RunStyle,
  failures: readonly Failure[] = [],
): readonly string[] {
  if (task.logFile === undefined) return [];
  const path = shownPath(task.logFile, workspace);
  const told = new Set(failures.flatMap(({ code, message }) => `${code}: ${message}`.split('\n')));
  const tail = task.tail.filter((line) => !told.has(line));
  if (tail.length === 0 && task.tail.length > 0) return [paint.dim(`  its log: ${path}`)];
  if (task.tail.length === 0) return [paint.dim(`  it printed nothing; its log: ${path}`)];
  return [paint.dim(`  the end of ${path}:`), ...tail.map((line) => paint.dim(`  | ${line}`))];
}

function indent(line: string): string {
  return line === '' ? '' : `  ${line}`;
}

export interface SummaryStyle extends RunStyle {
  readonly experiment: string;
}

/** The last lines of a run: how it ended, its figures, its pages. */
export function runSummary(ended: RunEnded, style: SummaryStyle): readonly string[] {
  const figures = byTask(ended.figures).map(([task, list]) => `${style.paint.dim(`${task}:`)} ${figuresText(list)}`);
  const pages = ended.pages.map(
    ({ task, path }) => `${style.paint.dim(`${task}:`)} ${style.paint.cyan(shownPath(path, style.workspace))}`,
  );
  return [outcomeLine(ended, style), ...figures, ...pages];
}

function outcomeLine({ outcome, counts, durationMs }: RunEnded, { paint, experiment }: SummaryStyle): string {
  const time = humanDuration(durationMs);
  const name = paint.bold(`${experiment}:`);
  const parts = [`${counted(counts.done, 'task')} run`, `${counts.cached} from cache`];
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.interrupted > 0) parts.push(`${counts.interrupted} interrupted`);
  if (counts.skipped > 0) parts.push(`${counts.skipped} skipped`);
  switch (outcome) {
    case 'done':
      return counts.done === 0
        ? `${name} ${paint.green('everything was in the cache')} (${counted(counts.cached, 'task')}) - ${time}`
        : `${name} ${paint.green(`done in ${time}`)} - ${parts.join(', ')}`;
    case 'failed':
      return `${name} ${paint.red(`failed after ${time}`)} - ${parts.join(', ')}`;
    case 'interrupted':
      return `${name} ${paint.yellow(`interrupted after ${time}`)} - ${parts.join(', ')}; what is finished is kept`;
    default:
      return unreachable(outcome);
  }
}

/** Figures grouped by task, in the order in which the tasks first appear. */
function byTask(figures: RunEnded['figures']): readonly (readonly [string, readonly Figure[]])[] {
  const groups = new Map<string, Figure[]>();
  for (const { task, name, value } of figures) groups.set(task, [...(groups.get(task) ?? []), { name, value }]);
  return [...groups];
}
