import { redactIn, secretsOf } from '../execute/redact.ts';
import type { FlowEvent } from '../execute/event.ts';
import type { Experiment } from '../experiment/experiment.ts';

/** Records the uncommitted changes of a workspace when the first task starts: what a run computes depends on them. */
export class ChangeRecorder {
  readonly #experiment: Experiment;
  readonly #folder: string;
  #recording: Promise<void> | undefined;

  /** @param folder of the run */
  constructor(experiment: Experiment, folder: string) {
    this.#experiment = experiment;
    this.#folder = folder;
  }

  handle(event: FlowEvent): void {
    if (event.type === 'task-started') this.#recording ??= this.#record();
  }

  async close(): Promise<void> {
    await this.#recording;
  }

  async #record(): Promise<void> {
    // Loaded when needed: a run that finds everything in the cache computes nothing.
    const { recordGitDiff } = await import('./git-diff.ts');
    const secrets = this.#experiment.tasks.flatMap(secretsOf);
    await recordGitDiff(this.#experiment.workspace, this.#folder, (text) => redactIn(text, secrets));
  }
}
