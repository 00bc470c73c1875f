import { counted, humanDuration } from '../../core/human.ts';
import { unreachable } from '../../core/failure.ts';
import type { FlowEvent, TaskOutcome } from '../execute/event.ts';
import { engineNotice, failedTask, runHeading, runSummary } from './run-text.ts';
import { figuresText } from './figure-text.ts';
import { outcomeText } from './outcome-text.ts';
import { paintWith, type Paint, terminalText } from '../../core/text/paint.ts';
import { percent, progressParts } from './progress-text.ts';
import type { Reporter, TextSink } from './reporter.ts';
import { RunState, type TaskState } from './run-state.ts';
import { plainText } from '../../core/text/terminal-text.ts';

export interface PlainLinesOptions {
  readonly sink: TextSink;
  readonly colour: boolean;
  readonly workspace: string;
}

const progressEveryMs = 10_000;
/** Up to so many cached tasks are named; of more only the number is printed. */
const namedCachedTasks = 6;
/** Pipes and logs have no width; this reads well. */
const columns = 100;

/** Calm lines for pipes and continuous integration: nothing is ever rewritten, and progress is printed at most every 10 s per task. */
export class PlainLines implements Reporter {
  readonly #options: PlainLinesOptions;
  readonly #paint: Paint;
  readonly #state = new RunState();
  readonly #lastProgressAt = new Map<string, number>();
  /** Cached tasks not printed yet: they come in bursts and share a line. */
  #cached: string[] = [];

  constructor(options: PlainLinesOptions) {
    this.#options = options;
    this.#paint = paintWith(options.colour);
  }

  handle(event: FlowEvent): void {
    this.#state.apply(event);
    const cached = event.type === 'task-ended' && event.result.outcome === 'cached';
    if (cached) this.#cached.push(event.task);
    else this.#write(this.#linesFor(event));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #write(lines: readonly string[]): void {
    const all = lines.length === 0 ? [] : [...this.#flushCached(), ...lines];
    if (all.length > 0) this.#options.sink.write(`${terminalText(all.join('\n'), this.#options.colour)}\n`);
  }

  #flushCached(): readonly string[] {
    const tasks = this.#cached;
    this.#cached = [];
    if (tasks.length === 0) return [];
    // The summary of a run that found everything in the cache says so itself.
    if (this.#state.ended?.counts.done === 0 && tasks.length === this.#state.tasks.length) return [];
    return [`from cache: ${tasks.length <= namedCachedTasks ? tasks.join(', ') : counted(tasks.length, 'task')}`];
  }

  #linesFor(event: FlowEvent): readonly string[] {
    const style = { ...this.#options, paint: this.#paint };
    switch (event.type) {
      case 'run-started':
        return [runHeading(event, style), ...engineNotice(event, style, columns)];
      case 'task-started':
        return [this.#startLine(this.#state.task(event.task))];
      case 'task-event':
        return this.#stageLines(event);
      case 'attempt-ended':
        this.#lastProgressAt.delete(event.task);
        return [];
      case 'task-ended':
        return this.#endLines(this.#state.task(event.task), event.result);
      case 'notice':
        return [event.level === 'warning' ? this.#paint.yellow(`warning: ${event.message}`) : event.message];
      case 'run-ended':
        return runSummary(event, { ...style, experiment: this.#state.started?.experiment ?? '' });
      case 'task-waiting':
        return [`${event.task}: waits, ${plainText(event.because)}`];
      case 'task-output':
        return [];
      default:
        return unreachable(event);
    }
  }

  #startLine(task: TaskState): string {
    const because = task.reasons.map((reason) => reason.text).join('; ');
    const why = because === '' || task.lastAttempt !== undefined ? '' : this.#paint.dim(` (${because})`);
    const resumed = task.resumedFrom === undefined ? '' : `, resumes from step ${task.resumedFrom}`;
    const again =
      task.lastAttempt === undefined ? '' : ` again, attempt ${task.attempt} (${outcomeText(task.lastAttempt)})`;
    return `${task.id}: started${again}${resumed}${why}`;
  }

  #stageLines({ task: id, event, at }: Extract<FlowEvent, { type: 'task-event' }>): readonly string[] {
    if (event.type === 'log' && event.level === 'warning') {
      return [`${id}: ${this.#paint.yellow(`warning: ${plainText(event.message)}`)}`];
    }
    const { progress, startedAt } = this.#state.task(id);
    if (event.type !== 'progress' || progress === undefined) return [];
    const last = this.#lastProgressAt.get(id) ?? startedAt ?? at;
    // The end is reported by the line `done`.
    if (at - last < progressEveryMs || percent(progress) === 100) return [];
    this.#lastProgressAt.set(id, at);
    const parts = progressParts(progress, at).map((part) => part.trim());
    return [`${id}: ${parts.join(', ')}`];
  }

  #endLines(task: TaskState, result: TaskOutcome): readonly string[] {
    switch (result.outcome) {
      case 'done': {
        const figures = task.figures.length === 0 ? '' : ` - ${figuresText(task.figures)}`;
        return [`${task.id}: ${this.#paint.green('done')} in ${humanDuration(result.durationMs)}${figures}`];
      }
      case 'failed':
        return failedTask(task, { ...this.#options, paint: this.#paint });
      case 'interrupted':
        return [`${task.id}: interrupted after ${humanDuration(task.durationMs)}`];
      case 'skipped':
        return [`${task.id}: skipped, ${result.because}`];
      case 'cached':
        return [];
      default:
        return unreachable(result);
    }
  }
}
