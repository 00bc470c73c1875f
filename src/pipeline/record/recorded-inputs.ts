import type { Failure } from '../../core/failure.ts';
import { externalInputsOf, type ExternalContents } from '../plan/key-document.ts';
import type { PathBinding, TaskSpec } from '../experiment/experiment.ts';
import { failures } from './failures.ts';
import { readEvents } from './replay-run.ts';

/** What each task of a run read from outside, as far as the run came to it. */
export function recordedInputs(runFolder: string): ReadonlyMap<string, ExternalContents> {
  const contents = new Map<string, ExternalContents>();
  for (const event of readEvents(runFolder)) {
    const hasInputs = event.type === 'task-started' || event.type === 'task-ended';
    if (hasInputs && event.inputs !== undefined) contents.set(event.task, event.inputs);
  }
  return contents;
}

/** Every input from outside whose content is no longer what a run read; each once. */
export async function changedInputs(
  tasks: readonly TaskSpec[],
  recorded: ReadonlyMap<string, ExternalContents>,
  digestOf: (binding: PathBinding) => Promise<string>,
): Promise<Failure[]> {
  const changed = new Map<string, Failure>();
  for (const task of tasks) {
    for (const { binding } of externalInputsOf(task)) {
      const before = recorded.get(task.id)?.[binding.written];
      const now = before === undefined ? undefined : await digestOf(binding);
      if (before === undefined || now === undefined || now === before) continue;
      changed.set(binding.written, failures.notAsRecorded({ input: binding.written, before, now }, binding.at));
    }
  }
  return [...changed.values()];
}
