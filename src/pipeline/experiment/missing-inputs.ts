import { existsSync } from 'node:fs';
import type { Failure } from '../../core/failure.ts';
import type { TaskSpec } from './experiment.ts';
import type { SpecCode } from './failure-codes.ts';

/** Inputs that come from outside of the experiment and are not there. */
export function missingInputs(tasks: readonly TaskSpec[]): Failure[] {
  const failures: Failure[] = [];
  const present = new Set<string>();
  for (const task of tasks) {
    for (const [port, bindings] of Object.entries(task.inputs)) {
      for (const binding of bindings) {
        if (binding.type !== 'path' || present.has(binding.path)) continue;
        if (existsSync(binding.path)) present.add(binding.path);
        else failures.push(missing(task, port, binding));
      }
    }
  }
  return failures;
}

type PathBinding = Extract<TaskSpec['inputs'][string][number], { type: 'path' }>;

function missing(task: TaskSpec, port: string, binding: PathBinding): Failure {
  const code: SpecCode = 'input-not-found';
  const message = `input "${port}" of stage "${task.stage}": there is no file or folder ${binding.written}`;
  const hint = binding.path === binding.written ? undefined : `Looked for ${binding.path}.`;
  return { code, message, at: binding.at, ...(hint === undefined ? {} : { hint }) };
}
