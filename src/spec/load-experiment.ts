import type { Experiment } from './experiment.ts';
import type { StageFolders } from './stage-folders.ts';

export interface LoadRequest {
  /** The experiment file; a relative path is relative to the workspace. */
  readonly file: string;
  /** Absolute. */
  readonly workspace: string;
  /** `path=value` as typed after `--set`, in order. */
  readonly overrides: readonly string[];
  /** Overlays as typed after `--set-file`, in order; applied before `overrides`. */
  readonly overrideFiles?: readonly string[];
  readonly profile?: string;
  /** What `${env.NAME}` looks names up in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stageFolders: StageFolders;
  /** What `${run.name}` stands for. */
  readonly run?: string;
}

/**
 * Reads an experiment: YAML with positions, composed, references resolved, parameters validated and filled in.
 * Throws a FailureError with all mistakes of the file.
 */
export function loadExperiment(request: LoadRequest): Promise<Experiment> {
  throw new Error(`not there yet: ${request.file}`);
}
