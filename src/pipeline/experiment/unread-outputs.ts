import type { Failure } from '../../core/failure.ts';
import type { TaskSpec } from './experiment.ts';
import type { WarningCode } from './failure-codes.ts';

/** Warns of outputs that no stage reads; not where a stage has none that is read, for that is what the experiment is for. */
export function unreadOutputs(tasks: readonly TaskSpec[]): Failure[] {
  const stageOf = new Map(tasks.map(({ id, stage }) => [id, stage]));
  const read = new Map<string, Set<string>>();
  for (const binding of tasks.flatMap(({ inputs }) => Object.values(inputs).flat())) {
    const stage = binding.type === 'output' ? stageOf.get(binding.task) : undefined;
    if (binding.type !== 'output' || stage === undefined) continue;
    read.set(stage, (read.get(stage) ?? new Set()).add(binding.output));
  }
  const stages = new Map(tasks.map((task) => [task.stage, task]));
  return [...stages.values()].flatMap(({ stage, kind, at }) => {
    const outputs = read.get(stage);
    if (outputs === undefined) return [];
    const unread = Object.keys(kind.manifest.outputs).filter((output) => !outputs.has(output));
    const code: WarningCode = 'unread-output';
    return unread.map((output) => ({ code, message: `nothing reads output "${output}" of stage "${stage}"`, at }));
  });
}
