import type { EngineIdentity } from '../core/engine-identity.ts';
import type { InputPaths } from './stage.ts';

/** What is known of a task before it runs. */
export interface KnownInputs<Params = unknown, Inputs = InputPaths> {
  /** As the task will get them. */
  readonly params: Params;
  /** What it will compute with; undefined if the stage computes no tensors. Fails if that is not installed: ask where it matters. */
  readonly engine: () => EngineIdentity | undefined;
  /**
   * Of what other tasks have yet to make there is nothing: a port is missing, or a list is shorter. Only with {@link whole}
   * is it known that an optional port is not bound.
   */
  readonly inputs: Partial<Inputs>;
  /** Names of the ports of which nothing has yet to be made. */
  readonly whole: ReadonlySet<string>;
  /** Reads what several tasks look at only once: `read` is called for the first that asks for this name. */
  readonly once: <Value>(name: string, read: () => Value) => Value;
}

/**
 * What `check.ts` of a stage with `"checks": true` exports as `check`: throws the FailureError that the work would end
 * with, as far as parameters, the engine and known inputs tell. `flow check` and the start of a run ask, so that it is not
 * known hours later; so it looks at headers and names, and leaves what takes longer to the work.
 */
export type CheckInputs<Params = unknown, Inputs = InputPaths> = (
  known: KnownInputs<Params, Inputs>,
) => void | Promise<void>;
