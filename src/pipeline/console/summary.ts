import { humanDuration } from '../../core/human.ts';
import { unreachable } from '../../core/failure.ts';
import { type Figure, counted, figuresText } from './figure-text.ts';
import type { Paint } from './paint.ts';
import type { RunEnded } from './run-state.ts';
import { shownPath } from './shown-path.ts';

export interface SummaryStyle {
  readonly paint: Paint;
  readonly workspace: string;
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
