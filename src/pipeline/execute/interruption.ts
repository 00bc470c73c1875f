import type { TimeLimits } from '../experiment/experiment.ts';
import type { TaskHandle } from './executor.ts';

/**
 * How urgently a run must end: not at all, in order (workers write checkpoints), or at once. It only grows.
 */
export class Interruption {
  #level: 'none' | 'stop' | 'kill' = 'none';
  readonly #listeners = new Set<(level: 'stop' | 'kill') => void>();

  get level(): 'none' | 'stop' | 'kill' {
    return this.#level;
  }

  /** Ends the run in order. */
  stop(): void {
    if (this.#level === 'none') this.#raise('stop');
  }

  /** Ends the run at once. */
  kill(): void {
    if (this.#level !== 'kill') this.#raise('kill');
  }

  /** The first call stops, the second kills: what Ctrl-C does. */
  escalate(): void {
    if (this.#level === 'none') this.stop();
    else this.kill();
  }

  /** Calls back on each step; at once if one has been taken already. Returns a function that ends it. */
  listen(listener: (level: 'stop' | 'kill') => void): () => void {
    this.#listeners.add(listener);
    if (this.#level !== 'none') listener(this.#level);
    return () => this.#listeners.delete(listener);
  }

  #raise(level: 'stop' | 'kill'): void {
    this.#level = level;
    for (const listener of [...this.#listeners]) listener(level);
  }
}

/** A timer of Node waits this long at most; what is longer it takes for 1 ms. */
const maxTimerMs = 2 ** 31 - 1;

/** Acts after a time of any length, as users write them: weeks too. Returns the function that calls it off. */
export function after(waitMs: number, act: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    timer = setTimeout(
      () => {
        if (leftMs <= maxTimerMs) act();
        else wait(leftMs - maxTimerMs);
      },
      Math.min(leftMs, maxTimerMs),
    );
  };
  wait(waitMs);
  return () => {
    clearTimeout(timer);
  };
}

/** Why a task was stopped from outside. */
export type StopReason =
  { readonly outcome: 'interrupted' } | { readonly outcome: 'timed-out'; readonly afterMs: number };

export interface TerminatorSettings {
  readonly interruption: Interruption;
  readonly limits: TimeLimits;
  /** How long a task may take to write its checkpoint and end when it is asked to. */
  readonly graceMs: number;
  /** When it last gave a sign of life, by `performance.now()`. */
  readonly lastSignOfLife: () => number;
}

/** How often a silent task is looked at. */
const lookMs = 1000;

/** Stops a task when the run is interrupted or a time limit is reached: asks it to, waits for a grace period, kills it. */
export class TaskTerminator {
  readonly #task: TaskHandle;
  readonly #settings: TerminatorSettings;
  readonly #timers: (() => void)[] = [];
  readonly #unlisten: () => void;
  #reason: StopReason | undefined;

  constructor(task: TaskHandle, settings: TerminatorSettings) {
    this.#task = task;
    this.#settings = settings;
    const { totalMs, silentMs } = settings.limits;
    if (totalMs !== undefined) {
      this.#after(totalMs, () => {
        this.#stop({ outcome: 'timed-out', afterMs: totalMs });
      });
    }
    if (silentMs !== undefined) this.#whenSilentFor(silentMs);
    this.#unlisten = settings.interruption.listen((level) => {
      this.#stop({ outcome: 'interrupted' });
      if (level === 'kill') this.#task.kill();
    });
  }

  /** Why the task was stopped; undefined if it ended by itself. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  dispose(): void {
    this.#unlisten();
    for (const callOff of this.#timers) callOff();
  }

  #after(waitMs: number, act: () => void): void {
    this.#timers.push(after(waitMs, act));
  }

  #whenSilentFor(silentMs: number): void {
    const look = (): void => {
      if (performance.now() - this.#settings.lastSignOfLife() >= silentMs) {
        this.#stop({ outcome: 'timed-out', afterMs: silentMs });
      } else this.#after(Math.min(lookMs, silentMs), look);
    };
    this.#after(Math.min(lookMs, silentMs), look);
  }

  #stop(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#task.terminate();
    this.#after(this.#settings.graceMs, () => {
      this.#task.kill();
    });
  }
}
