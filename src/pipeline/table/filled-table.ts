import type { KeyDocument } from '../plan/key-document.ts';

/** How a figure compares with what was published. */
export type Tier = 'reproduced' | 'within spread' | 'differs' | 'smoke' | 'not run';

/** What is behind a value, in the unit of its column. */
export type Spread =
  | { readonly kind: 'deviation'; readonly value: number }
  | { readonly kind: 'interval'; readonly low: number; readonly high: number };

/** One figure of a table. Everything is in the unit of its column, whole: renderers round. */
export interface FilledCell {
  /** Id of the column. */
  readonly column: string;
  /** The mean where several tasks count; null without any. */
  readonly value: number | null;
  readonly spread: Spread | null;
  /** Tasks that have a value. */
  readonly count: number;
  readonly published: { readonly value: number; readonly atLeast: boolean } | null;
  /** Ours less the published value. */
  readonly difference: number | null;
  readonly tier: Tier | null;
  /** Better than every other row, each by a paired interval. */
  readonly isBest: boolean;
  /** Places in the list of notes. */
  readonly notes: readonly number[];
  /** Why there is no value; empty if there is one. */
  readonly missing: string;
  /** Names of its tasks, by which `results` knows them. */
  readonly tasks: readonly string[];
}

export interface FilledRow {
  readonly id: string;
  readonly label: string;
  readonly group: string;
  readonly notes: readonly number[];
  /** In the order of the columns. */
  readonly cells: readonly FilledCell[];
}

export interface FilledColumn {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly direction: 'higher' | 'lower' | 'none';
  readonly group: string;
  readonly tolerance: number;
  readonly notes: readonly number[];
  /** Whether any row has a published value in it. */
  readonly hasPublished: boolean;
}

/** A result that a table shows, or that one of those was made of. */
export interface TableResult {
  readonly key: string;
  readonly run: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** What decided it: tells in another place, or later, why a value has moved. */
  readonly document: KeyDocument | null;
  /** Names of the tasks it was made of, transitively. */
  readonly upstream: readonly string[];
}

/** A table with its values: what NAME.json holds. The same results are the same bytes; it holds no time. */
export interface FilledTable {
  readonly format: 'faceflow-table';
  readonly version: 1;
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  /** Of a profile whose figures mean nothing. */
  readonly isSmoke: boolean;
  readonly columns: readonly FilledColumn[];
  readonly rows: readonly FilledRow[];
  /** Marked with a letter each. */
  readonly notes: readonly string[];
  /** About the whole table: how to read it, and from where published values are. */
  readonly remarks: readonly string[];
  readonly source: { readonly citation: string; readonly url: string } | null;
  /** By name of the task. */
  readonly results: Readonly<Record<string, TableResult>>;
}
