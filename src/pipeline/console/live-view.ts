import type { FlowEvent } from '../execute/event.ts';
import { engineNotice, failedTask, runHeading, runSummary } from './run-text.ts';
import { liveFrame } from './live-frame.ts';
import type { LiveScreen } from './live-screen.ts';
import { paintWith, type Paint, terminalText } from '../../core/text/paint.ts';
import type { Reporter } from './reporter.ts';
import { LastLogLines } from './last-log-line.ts';
import { RunState } from './run-state.ts';
import { wholeText } from './whole-progress.ts';

export interface LiveViewOptions {
  readonly colour: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Absolute. */
  readonly workspace: string;
  /** How long a task took the last time; undefined if it was never run. */
  readonly lastDurationMs: (task: string) => number | undefined;
}

/** Lines that the frame which stays on the screen may take. */
const lastFrameLines = 200;
/** Failed tasks that are explained at the end; the rest is in the run's record. */
const explainedFailures = 20;
const shownWarnings = 10;
const wholeEveryMs = 1000;

/**
 * A live view on a terminal: one line per task, redrawn in place. A run that finds everything in the cache shows two
 * lines and never loads the library that draws.
 */
export class LiveView implements Reporter {
  readonly #options: LiveViewOptions;
  readonly #paint: Paint;
  readonly #state = new RunState();
  #screen: Promise<LiveScreen> | undefined;
  #closed = false;
  readonly #logs = new LastLogLines();
  readonly #lastDurations = new Map<string, number | undefined>();
  #stages: ReadonlyMap<string, string> | undefined;
  #whole = { text: '', at: 0 };

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#paint = paintWith(options.colour);
  }

  handle(event: FlowEvent): void {
    this.#state.apply(event);
    if (event.type === 'run-started') this.#print([runHeading(event, this.#style()), ...this.#engineNotice()]);
    else if (event.type === 'task-started' || event.type === 'task-waiting') this.#screen ??= this.#openScreen();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const screen = await this.#screen;
    await screen?.close();
    const { ended, started } = this.#state;
    if (screen !== undefined) this.#print([...this.#frame('', true), '', ...this.#failures()]);
    this.#print(this.#warnings());
    if (ended !== undefined)
      this.#print(runSummary(ended, { ...this.#style(), experiment: started?.experiment ?? '' }));
  }

  async #openScreen(): Promise<LiveScreen> {
    const { LiveScreen } = await import('./live-screen.ts');
    return new LiveScreen({ ...this.#options, draw: (spinner) => this.#frame(spinner, false) });
  }

  #frame(spinner: string, last: boolean): readonly string[] {
    const { columns, rows } = this.#options.stdout;
    const now = Date.now();
    const frame = liveFrame(this.#state.tasks, {
      ...this.#style(),
      ...(last
        ? {}
        : {
            whole: this.#wholeAt(now),
            lastLine: ({ logFile }) => (logFile === undefined ? '' : this.#logs.of(logFile, now)),
          }),
      // A terminal that does not know its size says 0.
      columns: columns > 0 ? columns : 80,
      // One line for the cursor, so that the terminal does not scroll.
      lines: last ? lastFrameLines : (rows > 0 ? rows : 24) - 1,
      now,
      last,
      spinner,
    });
    return frame.map((line) => terminalText(line, this.#options.colour));
  }

  /** Computed once a second: there may be thousands of tasks. */
  #wholeAt(now: number): string {
    const { started } = this.#state;
    if (started === undefined || now - this.#whole.at < wholeEveryMs) return this.#whole.text;
    this.#stages ??= new Map(started.tasks.map(({ id, stage }) => [id, stage]));
    const text = wholeText(this.#state.tasks, {
      now,
      startedAt: started.at,
      stageOf: (task) => this.#stages?.get(task) ?? task,
      lastDurationMs: (task) => this.#lastDuration(task),
    });
    this.#whole = { text, at: now };
    return text;
  }

  #lastDuration(task: string): number | undefined {
    if (!this.#lastDurations.has(task)) this.#lastDurations.set(task, this.#options.lastDurationMs(task));
    return this.#lastDurations.get(task);
  }

  #engineNotice(): readonly string[] {
    const { started } = this.#state;
    return started === undefined ? [] : engineNotice(started, this.#style(), this.#options.stdout.columns || 80);
  }

  #failures(): readonly string[] {
    const failed = this.#state.tasks.filter((task) => task.result?.outcome === 'failed');
    const broken = failed.filter((task) => task.lastAttempt?.outcome !== 'interrupted');
    const style = { ...this.#style(), colour: this.#options.colour };
    const more = broken.length - explainedFailures;
    return [
      ...broken.slice(0, explainedFailures).flatMap((task) => [...failedTask(task, style), '']),
      ...(more > 0 ? [`and ${more} more failed tasks`, ''] : []),
    ];
  }

  #warnings(): readonly string[] {
    const notices = this.#state.notices.map(({ level, message }) =>
      level === 'warning' ? `warning: ${message}` : message,
    );
    const more = notices.length - shownWarnings;
    const shown = notices.slice(0, shownWarnings).map((notice) => this.#paint.yellow(notice));
    return more > 0 ? [...shown, `and ${more} more`] : shown;
  }

  #style(): { readonly paint: Paint; readonly workspace: string } {
    return { paint: this.#paint, workspace: this.#options.workspace };
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#options.stdout.write(`${terminalText(lines.join('\n'), this.#options.colour)}\n`);
  }
}
