import type { Binding, TaskSpec } from './experiment.ts';
import type { LooseBinding, TaskDraft } from './build-task.ts';
import { suggestion } from './map-reader.ts';
import type { OutputNode } from './node.ts';
import type { Problems } from './problems.ts';
import { locate } from './source-text.ts';

/** Looks up the tasks behind outputs and checks that what flows along each edge is what the port takes. */
export function connectTasks(
  drafts: readonly TaskDraft[],
  stages: ReadonlySet<string>,
  problems: Problems,
): TaskSpec[] {
  const byStage = new Map<string, TaskDraft[]>();
  for (const draft of drafts) {
    const instances = byStage.get(draft.stage);
    if (instances === undefined) byStage.set(draft.stage, [draft]);
    else instances.push(draft);
  }
  return drafts.map((draft) => {
    const inputs: Record<string, readonly Binding[]> = {};
    for (const [port, bindings] of Object.entries(draft.inputs)) {
      inputs[port] = bindings.flatMap((binding) => connect(binding, { draft, port, byStage, stages, problems }));
    }
    return { ...draft, inputs, at: locate(draft.at) };
  });
}

interface Edge {
  readonly draft: TaskDraft;
  readonly port: string;
  readonly byStage: ReadonlyMap<string, readonly TaskDraft[]>;
  /** Names of all stages of the file, also of those that were left out because of a mistake. */
  readonly stages: ReadonlySet<string>;
  readonly problems: Problems;
}

function connect(binding: LooseBinding, edge: Edge): Binding[] {
  if (binding.type === 'path') return [binding];
  const { reference } = binding.node;
  const producers = edge.byStage.get(reference.stage);
  if (producers === undefined) {
    if (!edge.stages.has(reference.stage)) reportUnknownStage(binding.node, edge);
    return [];
  }
  return producers.flatMap((producer) => connectTo(producer, binding.node, edge));
}

function connectTo(producer: TaskDraft, node: OutputNode, { draft, port, problems }: Edge): Binding[] {
  const name = node.reference.output;
  const at = node.via ?? node.at;
  const outputs = producer.kind.manifest.outputs;
  const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
  const input = draft.kind.manifest.inputs[port];
  if (output === undefined) {
    const known = Object.keys(outputs);
    const message = `stage "${producer.stage}" has no output "${name}"${suggestion(name, known)}`;
    problems.add({ code: 'unknown-reference', message, at, hint: `It has: ${known.join(', ')}.` });
    return [];
  }
  if (input !== undefined && input.kind !== 'any' && output.kind !== 'any' && input.kind !== output.kind) {
    const fitting = Object.keys(outputs).filter((each) => outputs[each]?.kind === input.kind);
    problems.add({
      code: 'wrong-kind',
      message: `input "${port}" of stage "${draft.stage}" takes artifacts of kind ${input.kind}, but output "${name}" of "${producer.stage}" is of kind ${output.kind}`,
      at,
      hint: fitting.length > 0 ? `Outputs of "${producer.stage}" that fit: ${fitting.join(', ')}.` : undefined,
    });
    return [];
  }
  return [{ type: 'output', task: producer.id, output: name, at: locate(at) }];
}

function reportUnknownStage(node: OutputNode, { stages, problems }: Edge): void {
  const { stage } = node.reference;
  problems.add({
    code: 'unknown-reference',
    message: `the experiment has no stage "${stage}"${suggestion(stage, stages)}`,
    at: node.via ?? node.at,
  });
}
