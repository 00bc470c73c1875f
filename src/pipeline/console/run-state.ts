import { unreachable } from '../../core/failure.ts';
import type { AttemptOutcome, FlowEvent, TaskOutcome } from '../execute/event.ts';
import type { Reason } from '../plan/compare-keys.ts';
import type { Figure } from './figure-text.ts';
import type { Progress } from './progress-text.ts';
import { plainText } from '../../core/text/terminal-text.ts';

export type RunStarted = Extract<FlowEvent, { type: 'run-started' }>;
export type RunEnded = Extract<FlowEvent, { type: 'run-ended' }>;
type StageEvent = Extract<FlowEvent, { type: 'task-event' }>['event'];

/** What is known of one task after the events so far. */
export interface TaskState {
  readonly id: string;
  readonly needs: readonly string[];
  readonly phase: 'planned' | 'running' | 'ended';
  /** Why it waits, if an event has told it. */
  readonly waitsBecause?: string;
  readonly reasons: readonly Reason[];
  /** From 1; 0 before the first. */
  readonly attempt: number;
  readonly resumedFrom?: number;
  readonly startedAt?: number;
  readonly logFile?: string;
  readonly progress?: Progress;
  /** Final figures so far. */
  readonly figures: readonly Figure[];
  readonly warnings: readonly string[];
  /** The last lines it wrote, oldest first. */
  readonly tail: readonly string[];
  /** Of all attempts together. */
  readonly durationMs: number;
  readonly peakMemoryBytes?: number;
  readonly lastAttempt?: AttemptOutcome;
  readonly result?: TaskOutcome;
}

/** Lines of a task's output that are kept in case it fails. */
const tailLines = 12;

/** Folds the events of a run into the state that views draw. */
export class RunState {
  readonly #tasks = new Map<string, TaskState>();
  /** Output that does not end in a newline yet, by task and stream. */
  readonly #unfinishedLines = new Map<string, string>();
  readonly #notices: Extract<FlowEvent, { type: 'notice' }>[] = [];
  #started: RunStarted | undefined;
  #ended: RunEnded | undefined;

  get started(): RunStarted | undefined {
    return this.#started;
  }

  get ended(): RunEnded | undefined {
    return this.#ended;
  }

  get notices(): readonly Extract<FlowEvent, { type: 'notice' }>[] {
    return this.#notices;
  }

  /** In the order of the experiment. */
  get tasks(): readonly TaskState[] {
    return [...this.#tasks.values()];
  }

  task(id: string): TaskState {
    return this.#tasks.get(id) ?? newTask(id, []);
  }

  apply(event: FlowEvent): void {
    switch (event.type) {
      case 'run-started':
        this.#started = event;
        for (const { id, needs } of event.tasks) this.#tasks.set(id, newTask(id, needs));
        return;
      case 'task-waiting':
        this.#change(event.task, { waitsBecause: event.because });
        return;
      case 'task-started':
        this.#start(event);
        return;
      case 'task-event':
        this.#handleStageEvent(event.task, event.event, event.at);
        return;
      case 'task-output':
        this.#write(event.task, event.stream, event.text);
        return;
      case 'attempt-ended':
        this.#endAttempt(event);
        return;
      case 'task-ended':
        this.#change(event.task, { phase: 'ended', result: event.result });
        return;
      case 'notice':
        this.#notices.push(event);
        return;
      case 'run-ended':
        this.#ended = event;
        return;
      default:
        unreachable(event);
    }
  }

  #change(id: string, change: Partial<TaskState>): void {
    this.#tasks.set(id, { ...this.task(id), ...change });
  }

  #start(event: Extract<FlowEvent, { type: 'task-started' }>): void {
    // Progress and figures of an earlier attempt mean nothing for this one.
    const { id, needs, warnings, durationMs, peakMemoryBytes, lastAttempt } = this.task(event.task);
    this.#tasks.set(event.task, {
      ...newTask(id, needs),
      warnings,
      durationMs,
      ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
      ...(lastAttempt === undefined ? {} : { lastAttempt }),
      phase: 'running',
      reasons: event.reasons,
      attempt: event.attempt,
      startedAt: event.at,
      logFile: event.logFile,
      ...(event.resumedFrom === undefined ? {} : { resumedFrom: event.resumedFrom }),
    });
  }

  #handleStageEvent(id: string, event: StageEvent, at: number): void {
    const task = this.task(id);
    switch (event.type) {
      case 'progress':
        this.#change(id, { progress: nextProgress(task.progress, event, at) });
        return;
      case 'metric':
        if (event.step === undefined)
          this.#change(id, { figures: [...task.figures, { name: event.name, value: event.value }] });
        return;
      case 'log':
        if (event.level === 'warning') this.#change(id, { warnings: [...task.warnings, plainText(event.message)] });
        // It is in the log too, whose end is shown if the task fails.
        return;
      case 'checkpoint':
        return;
      default:
        unreachable(event);
    }
  }

  #write(id: string, stream: string, text: string): void {
    const source = `${id}\n${stream}`;
    const lines = `${this.#unfinishedLines.get(source) ?? ''}${plainText(text)}`.split('\n');
    this.#unfinishedLines.set(source, lines.pop() ?? '');
    this.#appendToTail(id, lines);
  }

  #endAttempt(event: Extract<FlowEvent, { type: 'attempt-ended' }>): void {
    for (const stream of ['stdout', 'stderr']) {
      if (this.#unfinishedLines.get(`${event.task}\n${stream}`)) this.#write(event.task, stream, '\n');
    }
    const task = this.task(event.task);
    const peak = Math.max(event.peakMemoryBytes ?? 0, task.peakMemoryBytes ?? 0);
    this.#change(event.task, {
      lastAttempt: event.result,
      durationMs: task.durationMs + event.durationMs,
      ...(peak > 0 ? { peakMemoryBytes: peak } : {}),
    });
  }

  #appendToTail(id: string, lines: readonly string[]): void {
    const filled = lines.filter((line) => line.trim() !== '');
    if (filled.length > 0) this.#change(id, { tail: [...this.task(id).tail, ...filled].slice(-tailLines) });
  }
}

function newTask(id: string, needs: readonly string[]): TaskState {
  return { id, needs, phase: 'planned', reasons: [], attempt: 0, figures: [], warnings: [], tail: [], durationMs: 0 };
}

function nextProgress(
  last: Progress | undefined,
  event: Extract<StageEvent, { type: 'progress' }>,
  at: number,
): Progress {
  const continues = last?.unit === event.unit && last.total === event.total && event.done >= last.done;
  return {
    done: event.done,
    total: event.total,
    unit: event.unit,
    figures: event.figures ?? {},
    at,
    since: continues ? last.since : { done: event.done, at },
  };
}
