import { canonicalJson, type Json } from '../../core/digest.ts';
import type { KeyDocument } from '../plan/key-document.ts';
import type { Choices } from './definition.ts';

/** What a task has given, from the cache or from the record. */
export interface TaskResult {
  readonly key: string;
  /** The run that computed it. */
  readonly run: string;
  /** Final figures. */
  readonly figures: readonly { readonly name: string; readonly value: number }[];
  /** Every point of its curves, by step; undefined if they are not in this record. */
  readonly curves: readonly { readonly name: string; readonly step: number; readonly value: number }[] | undefined;
  /** Content digest of each output. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Undefined if the result is known from the record alone. */
  readonly document: KeyDocument | undefined;
}

/** A task that a table may show figures of. */
export interface SourceTask {
  /** Experiment and task: unique within a table. */
  readonly name: string;
  readonly id: string;
  readonly stage: string;
  /** What the values of its matrix are called. */
  readonly labels: ReadonlyMap<string, string>;
  readonly matrix: Readonly<Record<string, Json>>;
  /** Names of the tasks whose outputs it reads, transitively. */
  readonly upstream: readonly string[];
  readonly result: TaskResult | undefined;
  /** Why there is no result; empty if there is one. */
  readonly missing: string;
}

/** The tasks that a row draws on. */
export interface RowSource {
  /** What it is called in messages: `the experiment loss-table`. */
  readonly owner: string;
  readonly tasks: readonly SourceTask[];
}

/** `verify[set=lfw,size=112]` -> set: lfw, size: 112. */
export function labelsOf(id: string): ReadonlyMap<string, string> {
  const inside = /^[^[]*\[(.*)\]$/s.exec(id)?.[1];
  if (inside === undefined) return new Map();
  return new Map(
    inside.split(',').map((part): [string, string] => {
      const equals = part.indexOf('=');
      return [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
}

/** Whether a task has the values that are asked for; of names that its matrix does not have, nothing is asked. */
export function hasChoices(task: SourceTask, where: Choices): boolean {
  return Object.entries(where).every(([name, wanted]) => {
    const label = task.labels.get(name);
    const value = task.matrix[name];
    if (label === undefined && value === undefined) return true;
    return label === String(wanted) || (value !== undefined && canonicalJson(value) === canonicalJson(wanted));
  });
}
