import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { StageEvent } from '../../stage-api/stage.ts';
import type { Failure } from '../../core/failure.ts';
import type { Reason } from '../plan/compare-keys.ts';
import type { ExternalContents, Key } from '../plan/key-document.ts';

/** How one attempt at a task ended. */
export type AttemptOutcome =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'failed'; readonly failures: readonly Failure[] }
  | { readonly outcome: 'crashed'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly outcome: 'out-of-memory' }
  | { readonly outcome: 'timed-out'; readonly afterMs: number }
  | { readonly outcome: 'interrupted' }
  | {
      readonly outcome: 'input-changed';
      readonly path: string;
      /** The task of the run whose result it is; absent for an input from outside. */
      readonly resultOf?: string;
      /** Absolute path of the outputs that were not put into the cache. */
      readonly kept?: string;
    };

/** How a task ended within a run. */
export type TaskOutcome =
  | { readonly outcome: 'cached'; readonly key: Key }
  | { readonly outcome: 'done'; readonly key: Key; readonly durationMs: number }
  | { readonly outcome: 'failed'; readonly attempt: AttemptOutcome }
  /** It was running when the run was stopped. */
  | { readonly outcome: 'interrupted' }
  | { readonly outcome: 'skipped'; readonly because: string };

/** What a task produced: present at the end of every task that is done or cached. */
export interface TaskProduct {
  /** ISO 8601; when the result was computed, by this run or an earlier one. */
  readonly createdAt: string;
  /** How long computing it took, whenever that was. */
  readonly durationMs: number;
  readonly peakMemoryBytes: number | null;
  readonly figures: readonly { readonly name: string; readonly value: number }[];
  readonly outputs: readonly {
    readonly port: string;
    readonly kind: string;
    /** Absolute path in the cache. */
    readonly path: string;
    readonly digest: string;
    readonly bytes: number;
  }[];
}

export interface TaskOutline {
  readonly id: string;
  readonly stage: string;
  readonly kind: string;
  readonly needs: readonly string[];
}

/** An engine that tasks of a run compute with. */
export interface EngineUse {
  readonly engine: EngineIdentity;
  /** Stages of the experiment. */
  readonly stages: readonly string[];
}

/** The engines of a run. */
export interface RunEngines {
  /** The first of `engines`; what would compute if no task of the run computes tensors. */
  readonly engine: EngineIdentity;
  /** Absent in the records of runs that had but one. */
  readonly engines?: readonly EngineUse[];
  /** Set if an engine is not the best one this machine could have: why, and what to do. Shown in the first lines. */
  readonly engineNotice?: string;
}

/**
 * Everything that happens in a run, as one closed union. The terminal, the JSON stream, the SQLite record and the run
 * folder are readers of this stream; nothing else prints. `at` is milliseconds since the epoch.
 */
export type FlowEvent = { readonly at: number } & (
  | ({
      readonly type: 'run-started';
      readonly run: string;
      readonly experiment: string;
      readonly file: string;
      readonly tasks: readonly TaskOutline[];
      readonly folder: string;
    } & RunEngines)
  | { readonly type: 'task-waiting'; readonly task: string; readonly because: string }
  | {
      readonly type: 'task-started';
      readonly task: string;
      readonly key: Key;
      readonly attempt: number;
      readonly reasons: readonly Reason[];
      /** The step of the checkpoint it resumes from. */
      readonly resumedFrom?: number;
      readonly logFile: string;
      /** What it was given of the machine: a number of processors, ids of graphics processors. */
      readonly cpus?: number;
      readonly gpus?: readonly string[];
      /** What it reads from outside; absent if that is nothing. */
      readonly inputs?: ExternalContents;
    }
  | { readonly type: 'task-event'; readonly task: string; readonly event: StageEvent }
  | { readonly type: 'task-output'; readonly task: string; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly type: 'attempt-ended';
      readonly task: string;
      readonly attempt: number;
      readonly result: AttemptOutcome;
      readonly durationMs: number;
      readonly peakMemoryBytes?: number;
      /** Processor time of all threads; bytes by system calls, whether a disk was asked or not. */
      readonly usage?: { readonly cpuMs: number; readonly readBytes: number; readonly writtenBytes: number };
    }
  | {
      readonly type: 'task-ended';
      readonly task: string;
      readonly result: TaskOutcome;
      readonly product?: TaskProduct;
      /** Of a result from the cache: what was read for it from outside. Of a task that ran this is in `task-started`. */
      readonly inputs?: ExternalContents;
    }
  | { readonly type: 'notice'; readonly level: 'info' | 'warning'; readonly message: string }
  | {
      readonly type: 'run-ended';
      readonly run: string;
      readonly outcome: 'done' | 'failed' | 'interrupted';
      readonly durationMs: number;
      readonly counts: {
        readonly done: number;
        readonly cached: number;
        readonly failed: number;
        readonly interrupted: number;
        readonly skipped: number;
      };
      /** Final figures of the tasks (metrics without a step), e.g. `verify: accuracy 0.91`. */
      readonly figures: readonly { readonly task: string; readonly name: string; readonly value: number }[];
      /** Pages the run produced or took from the cache. */
      readonly pages: readonly { readonly task: string; readonly path: string }[];
    }
);

/** An event without its time, as it is emitted. */
export type EventBody = FlowEvent extends infer Event ? (Event extends FlowEvent ? Omit<Event, 'at'> : never) : never;

export type EventReader = (event: FlowEvent) => void;

/** The stream of everything that happens in a run: stamps each event with the time and hands it to every reader in order. */
export class EventStream {
  readonly #readers: readonly EventReader[];
  readonly #now: () => number;

  constructor(readers: readonly EventReader[], now: () => number) {
    this.#readers = readers;
    this.#now = now;
  }

  emit(body: EventBody): void {
    // Spreading a union loses which member it is; the value has it.
    const event = { at: this.#now(), ...body } as FlowEvent;
    for (const reader of this.#readers) reader(event);
  }

  warn(message: string): void {
    this.emit({ type: 'notice', level: 'warning', message });
  }
}
