import type { Interruption } from './interruption.ts';
import type { TimeLimits } from '../experiment/experiment.ts';
import type { TaskProcess } from './task-process.ts';

/** Why a process was stopped from outside. */
export type StopReason =
  { readonly outcome: 'interrupted' } | { readonly outcome: 'timed-out'; readonly afterMs: number };

export interface StopperSettings {
  readonly interruption: Interruption;
  readonly limits: TimeLimits;
  /** How long a process may take to write its checkpoint and end when it is asked to. */
  readonly graceMs: number;
  /** When it last gave a sign of life, by `performance.now()`. */
  readonly lastSignOfLife: () => number;
}

/** How often a silent process is looked at. */
const lookMs = 1000;

/** Stops the process of a task when the run is interrupted or a time limit is reached: TERM, a grace period, KILL. */
export class TaskTerminator {
  readonly #process: TaskProcess;
  readonly #settings: StopperSettings;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #unlisten: () => void;
  #reason: StopReason | undefined;

  constructor(process: TaskProcess, settings: StopperSettings) {
    this.#process = process;
    this.#settings = settings;
    const { totalMs, silentMs } = settings.limits;
    if (totalMs !== undefined) this.#after(totalMs);
    if (silentMs !== undefined) this.#whenSilentFor(silentMs);
    this.#unlisten = settings.interruption.listen((level) => {
      if (level === 'kill') this.#kill({ outcome: 'interrupted' });
      else this.#stop({ outcome: 'interrupted' });
    });
  }

  /** Why the process was stopped; undefined where it ended by itself. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  dispose(): void {
    this.#unlisten();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #after(totalMs: number): void {
    this.#timers.push(
      setTimeout(() => {
        this.#stop({ outcome: 'timed-out', afterMs: totalMs });
      }, totalMs),
    );
  }

  #whenSilentFor(silentMs: number): void {
    const look = (): void => {
      if (performance.now() - this.#settings.lastSignOfLife() >= silentMs) {
        this.#stop({ outcome: 'timed-out', afterMs: silentMs });
      }
    };
    this.#timers.push(setInterval(look, Math.min(lookMs, silentMs)));
  }

  #stop(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#process.terminate();
    this.#timers.push(
      setTimeout(() => {
        this.#process.kill();
      }, this.#settings.graceMs),
    );
  }

  #kill(reason: StopReason): void {
    this.#reason ??= reason;
    this.#process.kill();
  }
}
