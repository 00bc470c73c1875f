import { basename } from 'node:path';
import { digestOf, type Digest } from '../../../src/core/digest.ts';
import type { EngineIdentity } from '../../../src/core/engine-identity.ts';
import { keyOf, type Key, type KeyDocument } from '../../../src/pipeline/plan/key-document.ts';
import type { KeyOfTask, PlanningContext, OutputDigests, PlannedTask } from '../../../src/pipeline/plan/plan.ts';
import type { TaskSpec } from '../../../src/pipeline/experiment/experiment.ts';

/** What a plan asks for, kept in memory: contents by file name, results by key, the last key document by task. */
export class MemoryKnowledge implements PlanningContext {
  engine: EngineIdentity = { name: 'cpu', version: '1.0' };
  readonly contents = new Map<string, string>();
  readonly results = new Map<string, OutputDigests>();
  readonly executions: string[] = [];
  readonly #last = new Map<string, KeyDocument>();
  programs = '1.0';

  engineOf(): EngineIdentity {
    return this.engine;
  }

  digestPath(path: string): Digest {
    return digestOf(this.contents.get(basename(path)) ?? `content of ${basename(path)}`);
  }

  find(key: Key): OutputDigests | undefined {
    return this.results.get(key);
  }

  previous(task: TaskSpec): KeyDocument | undefined {
    return this.#last.get(task.id);
  }

  lineageDigest(task: TaskSpec, keyOfTask: KeyOfTask): Digest {
    const upstream = Object.values(task.inputs).flatMap((bindings) =>
      bindings.flatMap((binding) => (binding.type === 'output' ? [keyOfTask(binding.task)] : [])),
    );
    return digestOf(`${task.id} ${upstream.join()}`);
  }

  programVersion(command: string): string {
    return `${command} ${this.programs}`;
  }

  /**
   * Pretends that a task ran, with outputs of the given content: by default another one for another key document, as
   * a stage would produce that uses all its inputs.
   */
  execute(planned: PlannedTask & { state: 'run' }, content: string = keyOf(planned.document)): OutputDigests {
    const ports = Object.keys(planned.task.kind.manifest.outputs);
    const outputs = Object.fromEntries(ports.map((port) => [port, digestOf(`${port} ${content}`)]));
    this.executions.push(planned.task.id);
    this.results.set(planned.key, outputs);
    this.#last.set(planned.task.id, planned.document);
    return outputs;
  }
}
