import type { TaskDraft } from './build-task.ts';
import type { Binding, Order, TaskSpec } from './experiment.ts';
import type { LooseBinding } from './ports.ts';
import { failures } from './failures.ts';
import type { OutputNode } from './node.ts';
import { locate, type Problems, type Span } from './problems.ts';
import type { Instance } from './stage-instances.ts';

/** An instance of a stage: a task, or one that its `if` leaves out. */
export type Candidate =
  | { readonly leftOut: false; readonly stage: string; readonly instance: Instance; readonly draft: TaskDraft }
  | { readonly leftOut: true; readonly stage: string; readonly instance: Instance };

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
    const edge: Edge = { port, node: binding.node, draft };
    const found = this.#find(binding.node.reference, draft, placeOf(edge));
    const input = draft.task.kind.manifest.inputs[port];
    if (found.length > 1 && input?.many !== true) {
      this.#refuseMany(found, edge);
      return [];
    }
    return found.flatMap((producer): Binding[] => {
      if (!producer.leftOut) return this.#bindOutput(producer.draft, edge);
      if (input?.optional !== true && input?.many !== true) {
        const facts = { what: titleOf(edge), stage: draft.task.stage, producer: producer.stage };
        this.#problems.add(failures.leftOutInput(facts, locate(placeOf(edge))));
      }
      return [];
    });
  }

  #find(wanted: { stage: string; instance?: string }, draft: TaskDraft, at: Span): readonly Candidate[] {
    const { stage, instance } = wanted;
    if (!this.#stages.has(stage)) {
      const facts = { owner: 'the experiment', what: 'stage', name: stage, known: [...this.#stages], list: false };
      this.#problems.add(failures.unknownReference(facts, locate(at)));
      return [];
    }
    if (!this.#index.has(stage)) return [];
    const found = this.#index.find(stage, instance, draft.instance);
    if (found.length === 0 && instance !== '*') {
      const facts = { stage, instance, instances: this.#index.names(stage) };
      this.#problems.add(failures.unknownInstance(facts, locate(at)));
    }
    return found;
  }

  #bindOutput({ task: producer, inputs }: TaskDraft, edge: Edge): Binding[] {
    const name = edge.node.reference.output;
    const at = locate(placeOf(edge));
    const { outputs } = producer.kind.manifest;
    const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    const input = edge.draft.task.kind.manifest.inputs[edge.port];
    if (output === undefined) {
      const facts = { owner: `stage "${producer.stage}"`, what: 'output', name, known: Object.keys(outputs) };
      this.#problems.add(failures.unknownReference(facts, at));
      return [];
    }
    const { emptyWithout } = output;
    if (emptyWithout !== undefined && inputs[emptyWithout]?.length === 0) {
      const facts = { what: titleOf(edge), producer: producer.stage, output: name, port: emptyWithout };
      this.#problems.add(failures.emptyOutput(facts, at));
    }
    if (input === undefined || input.kind === 'any' || output.kind === 'any' || input.kind === output.kind) {
      return [{ type: 'output', task: producer.id, output: name, at }];
    }
    const { kind } = input;
    const fitting = Object.keys(outputs).filter((each) => outputs[each]?.kind === kind);
    const what = titleOf(edge);
    const declaredPath = producer.kind.manifest.declaresPorts === true ? output.path : undefined;
    const facts = {
      what,
      kind,
      producer: producer.stage,
      output: name,
      outputKind: output.kind,
      fitting,
      declaredPath,
    };
    this.#problems.add(failures.wrongKind(facts, at));
    return [];
  }

  #refuseMany(found: readonly Candidate[], edge: Edge): void {
    const { stage, output } = edge.node.reference;
    const facts = {
      what: titleOf(edge),
      stage,
      output,
      count: found.length,
      first: found[0]?.instance.label ?? '',
      declaresPorts: edge.draft.task.kind.manifest.declaresPorts === true,
    };
    this.#problems.add(failures.severalInstances(facts, locate(placeOf(edge))));
  }
}

/** An output that is bound to an input port of a task. */
interface Edge {
  readonly port: string;
  readonly node: OutputNode;
  readonly draft: TaskDraft;
}

function titleOf({ port, draft }: Edge): string {
  return `input "${port}" of stage "${draft.task.stage}"`;
}

function placeOf({ node }: Edge): Span {
  return node.via ?? node.at;
}

/** Finds the instances of a stage that a reference means. */
class InstanceIndex {
  readonly #byStage = new Map<string, Candidate[]>();
  readonly #found = new Map<string, readonly Candidate[]>();
  readonly #bySharedAxes = new Map<string, ReadonlyMap<string, readonly Candidate[]>>();

  constructor(candidates: readonly Candidate[]) {
    for (const candidate of candidates) append(this.#byStage, candidate.stage, candidate);
  }

  has(stage: string): boolean {
    return this.#byStage.has(stage);
  }

  /** The first few instances of a stage, for hints. */
  names(stage: string): string {
    const labels = this.#of(stage).map(({ instance }) => `[${instance.label}]`);
    return labels.length > 8
      ? `${labels.slice(0, 8).join(', ')} and ${String(labels.length - 8)} more`
      : labels.join(', ');
  }

  /**
   * `*`: all. A key, `lfw` or `set=lfw,size=112`: those whose axes have these values. No key: those that agree with the
   * asking instance in every axis that both have.
   */
  find(stage: string, key: string | undefined, asking: Instance): readonly Candidate[] {
    const all = this.#of(stage);
    if (key === '*') return all;
    if (key === undefined) return this.#agreeing(stage, asking);
    const name = `${stage}[${key}]`;
    let found = this.#found.get(name);
    if (found === undefined) {
      found = all.filter(({ instance }) => fits(instance, key));
      this.#found.set(name, found);
    }
    return found;
  }

  #agreeing(stage: string, asking: Instance): readonly Candidate[] {
    const all = this.#of(stage);
    const shared = [...(all[0]?.instance.axes.keys() ?? [])].filter((axis) => asking.axes.has(axis));
    if (shared.length === 0) return all;
    const name = `${stage} ${shared.join()}`;
    let groups = this.#bySharedAxes.get(name);
    if (groups === undefined) {
      const grouped = new Map<string, Candidate[]>();
      for (const candidate of all) append(grouped, valuesIn(candidate.instance, shared), candidate);
      groups = grouped;
      this.#bySharedAxes.set(name, groups);
    }
    return groups.get(valuesIn(asking, shared)) ?? [];
  }

  #of(stage: string): readonly Candidate[] {
    return this.#byStage.get(stage) ?? [];
  }
}

function append<T>(groups: Map<string, T[]>, name: string, item: T): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [item]);
  else group.push(item);
}

function valuesIn(instance: Instance, axes: readonly string[]): string {
  return axes.map((axis) => instance.axes.get(axis) ?? '').join('\n');
}

function fits(instance: Instance, key: string): boolean {
  return key.split(',').every((part) => {
    const [left = '', right] = part.split('=').map((text) => text.trim());
    if (right !== undefined) return instance.labels.get(left) === right;
    // The name of the axis may be left out if there is only one.
    return instance.labels.size === 1 && [...instance.labels.values()].includes(left);
  });
}
