import { enginesText } from '../record/run-facts.ts';
import { counted } from './figure-text.ts';
import type { Paint } from './paint.ts';
import type { RunStarted } from './run-state.ts';
import { shownPath } from './shown-path.ts';
import { wrapText } from './terminal-text.ts';

export interface HeadingStyle {
  readonly paint: Paint;
  readonly workspace: string;
}

/** The first line of a run: what runs, how much of it, on what, and where it is recorded. */
export function runHeading(started: RunStarted, { paint, workspace }: HeadingStyle): string {
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
 * The lines that say that the run computes with another engine than it could have. A block with a rail, so that nobody
 * reads over it even without colour.
 */
export function engineNotice(started: RunStarted, { paint }: HeadingStyle, columns: number): readonly string[] {
  if (started.engineNotice === undefined) return [];
  const title = `WARNING: this run computes with ${enginesText(started)}`;
  const body = started.engineNotice.split('\n').flatMap((line) => wrapText(line, columns - 3));
  const rail = paint.yellow(paint.bold('!!'));
  return [`${rail} ${paint.yellow(paint.bold(title))}`, ...body.map((line) => `${rail} ${line}`)];
}
