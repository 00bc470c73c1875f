import { fail, type FailureLocation } from '../../core/failure.ts';
import { plainText } from '../../core/text/terminal-text.ts';
import type { TableSpec } from '../experiment/experiment.ts';
import { failures } from './failures.ts';

/** Values of a matrix by name; a value, or what it is called in the names of tasks. */
export type Choices = Readonly<Record<string, string | number | boolean>>;

/** A value that was published, in the unit of its column. */
export interface PublishedValue {
  readonly value: number;
  /** The source has it as a lower bound: `99.80+`. */
  readonly atLeast: boolean;
}

/** By id of the column. */
export type PublishedValues = Readonly<Record<string, number | PublishedValue>>;

export interface RowDefinition {
  readonly id?: string;
  readonly label?: string;
  readonly group: string;
  /** A stage: a row for each choice of its matrix. */
  readonly matrix?: string;
  readonly where: Choices;
  /** Relative to the file of the table. */
  readonly experiment?: string;
  readonly set: readonly string[];
  readonly model?: string;
  readonly run?: string;
  readonly published: PublishedValues;
  readonly footnotes: readonly string[];
}

export interface ColumnDefinition {
  readonly id?: string;
  readonly title?: string;
  readonly group: string;
  /** A stage. */
  readonly of: string;
  readonly figure: string;
  readonly where: Choices;
  readonly select: 'last' | 'best' | { readonly at: number };
  readonly unit: string;
  readonly digits: number;
  readonly direction: 'higher' | 'lower' | 'none';
  readonly spread: 'auto' | 'deviation' | 'interval' | 'none';
  readonly epsilon?: number;
  readonly tolerance?: number;
  readonly footnotes: readonly string[];
}

export interface PublishedDefinition {
  readonly citation: string;
  readonly url: string;
  readonly rows: readonly { readonly id?: string; readonly where: Choices; readonly values: PublishedValues }[];
}

/** What a table file and the `tables` of an experiment hold: schemas/table.schema.json, defaults filled in. */
export interface TableDefinition {
  readonly name?: string;
  readonly title: string;
  readonly caption: string;
  readonly experiment?: string;
  /** The profile whose figures mean nothing. */
  readonly smoke: string;
  /** What a smoke run changes besides. */
  readonly smokeSet: readonly string[];
  /** Names of the matrix over which means are taken. */
  readonly over: readonly string[];
  readonly rows: readonly RowDefinition[];
  readonly columns: readonly ColumnDefinition[];
  readonly published?: PublishedDefinition;
  readonly footnotes: readonly string[];
  readonly output: string;
  readonly into: readonly string[];
}

/** A table as it was read, with where its parts were written. */
export interface WrittenTable {
  /** Names its files. */
  readonly name: string;
  readonly definition: TableDefinition;
  readonly locate: (pointer: string) => FailureLocation;
}

/** What names files, blocks of Markdown and macros of LaTeX; as in schemas/table.schema.json. */
const fitName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The schema has checked what the types say. Fails if a table without a `name` is called what no table may be. */
export function writtenTable(name: string, { definition, locate }: TableSpec): WrittenTable {
  const checked: object = definition;
  const typed = checked as TableDefinition;
  if (typed.name === undefined && !fitName.test(name)) fail(failures.tableNameUnfit({ name }, locate('')));
  return { name: typed.name ?? name, definition: typed, locate };
}

/** Values in the unit of a column are those of the figure times this. */
export function factorOf(unit: string): number {
  return unit === '%' ? 100 : 1;
}

/** Up to this difference from a published value a figure counts as reproduced: half of the last digit unless given. */
export function epsilonOf({ epsilon, digits }: Pick<ColumnDefinition, 'epsilon' | 'digits'>): number {
  return epsilon ?? 0.5 * 10 ** -digits;
}

/** A text of a table in one line, its letters composed (a file system may hold `u\u0308` for `\u00fc`), without control characters. */
export function plainLine(text: string): string {
  return plainText(text.normalize('NFC').replaceAll(/\s/g, ' ')).replaceAll(/ +/g, ' ').trim();
}

/** `LFW, flip: no` as a part of names: `lfw-flip-no`. */
export function slugOf(text: string): string {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.=]+/g, '-')
    .replaceAll(/^[-.=]+|[-.=]+$/g, '');
  return slug === '' ? 'x' : slug;
}
