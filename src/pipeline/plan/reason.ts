/** Why a task has to run, one entry per part of its key that differs from its last execution. */
export interface Reason {
  readonly code: ReasonCode;
  /** One line for people: `loss.margin 0.5 -> 0.4 (arcface-r100.yaml:14)`. */
  readonly text: string;
}

export type ReasonCode =
  | 'never-run'
  /** It was run, but no attempt gave a result that was kept. */
  | 'never-finished'
  | 'stage'
  | 'stage-version'
  | 'stage-code'
  | 'param'
  | 'input'
  | 'seed'
  | 'engine'
  | 'environment'
  | 'program'
  | 'forced'
  /** The result was known, but it is no longer in the cache. */
  | 'cache-entry-lost'
  /** It is there, but not what was stored. */
  | 'cache-entry-damaged'
  /** A task it takes inputs from has to run; what that gives is unknown until then. */
  | 'upstream';
