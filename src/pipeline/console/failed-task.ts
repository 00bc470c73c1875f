import { humanDuration } from '../../core/human.ts';
import { renderFailures } from './failure-frame.ts';
import { outcomeText } from './outcome-text.ts';
import type { Paint } from './paint.ts';
import type { TaskState } from './run-state.ts';
import { shownPath } from './shown-path.ts';

export interface FailedTaskStyle {
  readonly paint: Paint;
  readonly colour: boolean;
  readonly workspace: string;
}

/** Everything one needs to know about a task that failed: what went wrong, the end of its log, and where the log is. */
export function failedTask(task: TaskState, style: FailedTaskStyle): readonly string[] {
  const { paint } = style;
  const attempt = task.result?.outcome === 'failed' ? task.result.attempt : task.lastAttempt;
  if (attempt === undefined) return [];
  const tries = task.attempt > 1 ? ` in attempt ${task.attempt}` : '';
  const heading = `${task.id} failed${tries} after ${humanDuration(task.durationMs)}`;
  const listed = attempt.outcome === 'failed' && attempt.failures.length > 0;
  if (!listed) return [paint.red(paint.bold(`${heading}: ${outcomeText(attempt)}`)), ...logLines(task, style)];
  const failures = renderFailures(attempt.failures, { colour: style.colour }).split('\n');
  return [paint.red(paint.bold(heading)), ...failures.map(indent), ...logLines(task, style)];
}

function logLines(task: TaskState, { paint, workspace }: FailedTaskStyle): readonly string[] {
  if (task.logFile === undefined) return [];
  const path = shownPath(task.logFile, workspace);
  if (task.tail.length === 0) return [paint.dim(`  it printed nothing; its log: ${path}`)];
  return [paint.dim(`  the end of ${path}:`), ...task.tail.map((line) => paint.dim(`  | ${line}`))];
}

function indent(line: string): string {
  return line === '' ? '' : `  ${line}`;
}
