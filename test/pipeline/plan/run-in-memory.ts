import { planTask, type OutputDigests, type PlannedTask } from '../../../src/pipeline/plan/plan.ts';
import type { Key } from '../../../src/pipeline/plan/key-document.ts';
import type { Experiment } from '../../../src/pipeline/experiment/experiment.ts';
import type { MemoryKnowledge } from './memory-planning-context.ts';

/** Goes through an experiment as a run does: plans each task once those before it are settled, and executes what is not known. */
export async function runInMemory(
  experiment: Experiment,
  knowledge: MemoryKnowledge,
  content?: (planned: PlannedTask & { state: 'run' }) => string | undefined,
): Promise<ReadonlyMap<string, { key: Key; outputs: OutputDigests }>> {
  const settled = new Map<string, { key: Key; outputs: OutputDigests }>();
  for (const task of experiment.tasks) {
    const planned = await planTask(task, settled, knowledge);
    if (planned.state === 'unknown') throw new Error(`${task.id} came before what it needs`);
    const outputs = planned.state === 'cached' ? planned.outputs : knowledge.execute(planned, content?.(planned));
    settled.set(task.id, { key: planned.key, outputs });
  }
  return settled;
}
