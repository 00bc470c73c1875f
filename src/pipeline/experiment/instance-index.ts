import type { TaskDraft } from './build-task.ts';
import type { Instance } from './matrix.ts';

/** An instance of a stage: a task, or one that its `if` leaves out. */
export type Candidate =
  | { readonly leftOut: false; readonly stage: string; readonly instance: Instance; readonly draft: TaskDraft }
  | { readonly leftOut: true; readonly stage: string; readonly instance: Instance };

/** Finds the instances of a stage that a reference means. */
export class InstanceIndex {
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
   * `*`: all. A key, `lfw` or `set=lfw,size=112`: those whose axes have these values. Nothing: those that agree with the
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
    // Without the name of an axis, where there is but one.
    return instance.labels.size === 1 && [...instance.labels.values()].includes(left);
  });
}
