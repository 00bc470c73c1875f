import { fail } from '../../core/failure.ts';
import { keyOf, type Key, type KeyDocument } from './key-document.ts';
import type { PlannedTask } from './plan.ts';
import type { Reason } from './reason.ts';

/** That a change does not matter: what the old key gave is to be the result of the new one too. */
export interface Acceptance {
  readonly task: string;
  readonly from: Key;
  readonly to: Key;
  /** The document of the new key. */
  readonly document: KeyDocument;
  /** What is declared not to matter. */
  readonly changes: readonly Reason[];
}

/**
 * What accepting the changes of a task means. `previous` is the key document of its last execution. Throws a
 * FailureError where there is nothing to accept, or where the old result cannot stand for the new one.
 */
export function acceptanceOf(planned: PlannedTask, previous: KeyDocument | undefined): Acceptance {
  const task = planned.task.id;
  if (planned.state === 'cached') {
    return fail({ code: 'nothing-to-accept', message: `nothing changed in ${task}: its result is known` });
  }
  if (planned.state === 'unknown') {
    const reasons = planned.reasons.map(({ text }) => text).join('; ');
    const message = `it is not known yet what ${task} takes in: it ${reasons}`;
    return fail({ code: 'nothing-to-accept', message, hint: 'Accept or run what it waits for first.' });
  }
  if (previous === undefined) {
    return fail({ code: 'nothing-to-accept', message: `${task} has never run: there is no result that could be kept` });
  }
  if (previous.stage.name !== planned.document.stage.name) {
    const message = `the result of stage ${previous.stage.name} cannot be that of stage ${planned.document.stage.name}`;
    return fail({ code: 'nothing-to-accept', message });
  }
  const { key, document, reasons } = planned;
  const from = keyOf(previous);
  if (from === key) return fail({ code: 'nothing-to-accept', message: `the result of ${task} is lost, not changed` });
  return { task, from, to: key, document, changes: reasons };
}
