import type { LooseBinding } from './bind-ports.ts';
import type { TaskDraft } from './build-task.ts';
import type { Binding, Order, TaskSpec } from './experiment.ts';
import { InstanceIndex, type Candidate } from './instance-index.ts';
import { suggestion } from './map-reader.ts';
import type { OutputNode } from './node.ts';
import type { Problems } from './problems.ts';
import { locate, type Span } from './source-text.ts';

/** Looks up the tasks behind outputs and needs, and checks that what flows along each edge is what the port takes. */
export function connectTasks(
  candidates: readonly Candidate[],
  stages: ReadonlySet<string>,
  problems: Problems,
): TaskSpec[] {
  const connector = new Connector(new InstanceIndex(candidates), stages, problems);
  return candidates.flatMap((candidate) => (candidate.leftOut ? [] : [connector.connect(candidate.draft)]));
}

class Connector {
  readonly #index: InstanceIndex;
  /** Names of all stages of the file, also of those that were left out because of a mistake. */
  readonly #stages: ReadonlySet<string>;
  readonly #problems: Problems;

  constructor(index: InstanceIndex, stages: ReadonlySet<string>, problems: Problems) {
    this.#index = index;
    this.#stages = stages;
    this.#problems = problems;
  }

  connect(draft: TaskDraft): TaskSpec {
    const inputs: Record<string, readonly Binding[]> = {};
    for (const [port, bindings] of Object.entries(draft.inputs)) {
      inputs[port] = bindings.flatMap((binding) => this.#bind(binding, port, draft));
    }
    const after = draft.needs.flatMap((need) => this.#order(need, draft));
    return { ...draft.task, inputs, after, at: locate(draft.at) };
  }

  #order(need: TaskDraft['needs'][number], draft: TaskDraft): Order[] {
    const found = this.#find(need, draft, need.at);
    return found.flatMap((candidate) =>
      candidate.leftOut ? [] : [{ task: candidate.draft.task.id, at: locate(need.at) }],
    );
  }

  #bind(binding: LooseBinding, port: string, draft: TaskDraft): Binding[] {
    if (binding.type === 'path') return [binding];
    const { node } = binding;
    const at = node.via ?? node.at;
    const found = this.#find(node.reference, draft, at);
    const input = draft.task.kind.manifest.inputs[port];
    if (found.length > 1 && input?.many !== true) this.#refuseMany(found, { port, node, draft });
    else {
      return found.flatMap((producer): Binding[] => {
        if (!producer.leftOut) return this.#edge(producer.draft, { port, node, draft });
        if (input?.optional !== true && input?.many !== true) this.#refuseLeftOut({ port, node, draft });
        return [];
      });
    }
    return [];
  }

  #find(wanted: { stage: string; instance?: string }, draft: TaskDraft, at: Span): readonly Candidate[] {
    const { stage, instance } = wanted;
    if (!this.#stages.has(stage)) {
      const message = `the experiment has no stage "${stage}"${suggestion(stage, this.#stages)}`;
      this.#problems.add({ code: 'unknown-reference', message, at });
      return [];
    }
    if (!this.#index.has(stage)) return [];
    const found = this.#index.find(stage, instance, draft.instance);
    if (found.length === 0 && instance !== '*') {
      const which = instance === undefined ? 'for these values of the matrix' : `[${instance}]`;
      this.#problems.add({
        code: 'unknown-reference',
        message: `stage "${stage}" has no instance ${which}`,
        at,
        hint: `It has: ${this.#index.names(stage)}.`,
      });
    }
    return found;
  }

  #edge(producer: TaskDraft, { port, node, draft }: Edge): Binding[] {
    const name = node.reference.output;
    const at = node.via ?? node.at;
    const outputs = producer.task.kind.manifest.outputs;
    const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    const input = draft.task.kind.manifest.inputs[port];
    if (output === undefined) {
      const known = Object.keys(outputs);
      const message = `stage "${producer.task.stage}" has no output "${name}"${suggestion(name, known)}`;
      this.#problems.add({ code: 'unknown-reference', message, at, hint: `It has: ${known.join(', ')}.` });
      return [];
    }
    if (input === undefined || input.kind === 'any' || output.kind === 'any' || input.kind === output.kind) {
      return [{ type: 'output', task: producer.task.id, output: name, at: locate(at) }];
    }
    const fitting = Object.keys(outputs).filter((each) => outputs[each]?.kind === input.kind);
    this.#problems.add({
      code: 'wrong-kind',
      message: `input "${port}" of stage "${draft.task.stage}" takes artifacts of kind ${input.kind}, but output "${name}" of "${producer.task.stage}" is of kind ${output.kind}`,
      at,
      hint: fitting.length > 0 ? `Outputs of "${producer.task.stage}" that fit: ${fitting.join(', ')}.` : undefined,
    });
    return [];
  }

  #refuseMany(found: readonly Candidate[], { port, node, draft }: Edge): void {
    const { stage, output } = node.reference;
    const example = found[0]?.instance.label ?? '';
    const named = (instance: string): string => `\${stages.${stage}[${instance}].outputs.${output}}`;
    const all = draft.task.kind.manifest.declaresPorts === true ? `, or all, ${named('*')}` : '';
    this.#problems.add({
      code: 'too-many-inputs',
      message: `input "${port}" of stage "${draft.task.stage}" takes one value, but ${String(found.length)} instances of "${stage}" fit`,
      at: node.via ?? node.at,
      hint: `Name one, ${named(example)}${all}, or fan out with it: matrix: \${stages.${stage}.matrix}.`,
    });
  }

  #refuseLeftOut({ port, node, draft }: Edge): void {
    this.#problems.add({
      code: 'left-out-input',
      message: `input "${port}" of stage "${draft.task.stage}" needs stage "${node.reference.stage}", which its "if" leaves out`,
      at: node.via ?? node.at,
      hint: `Give "${draft.task.stage}" the same "if".`,
    });
  }
}

interface Edge {
  readonly port: string;
  readonly node: OutputNode;
  readonly draft: TaskDraft;
}
