import { fail } from '../../core/failure.ts';
import type { Reason } from './compare-keys.ts';
import { failures } from './failures.ts';
import { keyOf, type Key, type KeyDocument } from './key-document.ts';
import type { PlannedTask } from './plan.ts';

/** A change of a task that can be declared not to matter: the result under the old key becomes that of the new one too. */
export interface AcceptableChange {
  readonly task: string;
  readonly from: Key;
  readonly to: Key;
  /** The document of the new key. */
  readonly document: KeyDocument;
  /** What is declared not to matter. */
  readonly reasons: readonly Reason[];
}

/**
 * What accepting the changes of a task means. Throws a FailureError if there is nothing to accept, or if the old result
 * cannot take the place of the new one.
 * @param previous the key document of its last execution
 */
export function acceptableChange(planned: PlannedTask, previous: KeyDocument | undefined): AcceptableChange {
  const { id: task, at } = planned.task;
  if (planned.state === 'cached') return fail(failures.nothingToAccept({ task }, at));
  if (planned.state === 'unknown') {
    return fail(failures.acceptedTooEarly({ task, reasons: planned.reasons.map(({ text }) => text) }, at));
  }
  if (previous === undefined) return fail(failures.neverRun({ task }, at));
  const { key, document, reasons } = planned;
  if (previous.stage.name !== document.stage.name) {
    return fail(failures.otherStage({ before: previous.stage.name, now: document.stage.name }, at));
  }
  const from = keyOf(previous);
  if (from === key) return fail(failures.resultLost({ task }, at));
  return { task, from, to: key, document, reasons };
}

/** An output of a stage, or one that is stored. */
interface Output {
  /** Relative to the folder of outputs. */
  readonly path: string;
}

/** Throws a FailureError if a stored result has other outputs than the task has now, as after a new version of its stage. */
export function checkOutputs({ task }: PlannedTask, stored: Readonly<Record<string, Output>>): void {
  const facts = { task: task.id, outputs: namesOf(task.kind.manifest.outputs), stored: namesOf(stored) };
  if (facts.outputs.join() !== facts.stored.join()) fail(failures.otherOutputs(facts, task.at));
}

function namesOf(outputs: Readonly<Record<string, Output>>): string[] {
  return Object.entries(outputs)
    .map(([port, { path }]) => `${port} (${path})`)
    .sort();
}
