import { canonicalJson, type Json } from '../../core/digest.ts';
import { jsonLeaves } from '../../core/json-leaves.ts';

/** Something that was measured under settings that may differ from those of others. */
export interface MeasuredTask {
  /** `verify[margin=0.5,seed=1]`: what is in brackets names it among those of its stage. */
  readonly id: string;
  readonly stage: string;
  /** Nested ones count by their innermost values. */
  readonly settings: Readonly<Record<string, Json>>;
  readonly figures: readonly { readonly name: string; readonly value: number }[];
}

export interface SettingsColumn {
  /** With the stage before it where several stages have columns of one kind. */
  readonly name: string;
  readonly kind: 'choice' | 'setting' | 'figure';
}

/** Tasks of one matrix beside each other: what was chosen, the settings that differ, and the figures that differ. */
export interface SettingsTable {
  readonly columns: readonly SettingsColumn[];
  /** One value per column; null where a row has none. */
  readonly rows: readonly (readonly (Json | null)[])[];
}

/**
 * A table for each matrix of some tasks, a row for each of its choices: figures of all stages that share it stand in one row. Without
 * any matrix the tasks that have figures are the rows. Columns in which all rows agree are left out where there are several.
 */
export function settingsTables(tasks: readonly MeasuredTask[]): readonly SettingsTable[] {
  const ofMatrices = tasks.filter(({ id }) => id.includes('['));
  if (ofMatrices.length === 0) {
    const measured = tasks.filter(({ figures }) => figures.length > 0);
    return measured.length === 0
      ? []
      : [tableOf(measured.map((task) => ({ choices: [['task', task.id]], tasks: [task] })))];
  }
  const matrices = new Map<string, Map<string, Row>>();
  for (const task of ofMatrices) {
    const choices = choicesOf(task.id);
    const names = choices.map(([name]) => name).join();
    const rows = matrices.get(names) ?? new Map<string, Row>();
    matrices.set(names, rows);
    const label = task.id.slice(task.id.indexOf('['));
    const row = rows.get(label) ?? { choices, tasks: [] };
    rows.set(label, { ...row, tasks: [...row.tasks, task] });
  }
  return [...matrices.values()].map((rows) => tableOf([...rows.values()]));
}

interface Row {
  readonly choices: readonly (readonly [string, string])[];
  readonly tasks: readonly MeasuredTask[];
}

function choicesOf(id: string): readonly (readonly [string, string])[] {
  return id
    .slice(id.indexOf('[') + 1, -1)
    .split(',')
    .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const);
}

interface Draft extends SettingsColumn {
  readonly values: readonly (Json | null)[];
}

function tableOf(rows: readonly Row[]): SettingsTable {
  const choices = (rows[0]?.choices ?? []).map(([name], index): Draft => ({
    ...{ name, kind: 'choice' },
    values: rows.map((row) => asNumber(row.choices[index]?.[1] ?? '')),
  }));
  const settings = draftsOf('setting', rows, (task) => [...jsonLeaves(task.settings)]);
  const figures = draftsOf('figure', rows, (task) => task.figures.map(({ name, value }) => [name, value] as const));
  const kept: Draft[] = rows.length > 1 ? choices.filter(differs) : [...choices];
  // A setting that follows a choice tells nothing more.
  for (const setting of rows.length > 1 ? settings.filter(differs) : []) {
    if (kept.every((other) => !isSame(other, setting))) kept.push(setting);
  }
  kept.push(...(rows.length > 1 ? figures.filter(differs) : figures));
  return {
    columns: kept.map(({ name, kind }) => ({ name, kind })),
    rows: rows.map((_, index) => kept.map(({ values }) => values[index] ?? null)),
  };
}

/** Columns of what each task of a row has, with its stage before the name where several stages have any. */
function draftsOf(
  kind: 'setting' | 'figure',
  rows: readonly Row[],
  parts: (task: MeasuredTask) => readonly (readonly [string, Json])[],
): Draft[] {
  const stages = rows.flatMap(({ tasks }) => tasks.filter((task) => parts(task).length > 0).map(({ stage }) => stage));
  const isPrefixed = new Set(stages).size > 1;
  const byName = new Map<string, (Json | null)[]>();
  for (const [index, { tasks }] of rows.entries()) {
    for (const task of tasks) {
      for (const [name, value] of parts(task)) {
        const column = isPrefixed ? `${task.stage} ${name}` : name;
        const values = byName.get(column) ?? rows.map(() => null);
        values[index] = value;
        byName.set(column, values);
      }
    }
  }
  return [...byName].map(([name, values]) => ({ name, kind, values }));
}

function differs({ values }: Draft): boolean {
  return new Set(values.map(canonicalJson)).size > 1;
}

function isSame(one: Draft, other: Draft): boolean {
  return one.values.every((value, index) => textOf(value) === textOf(other.values[index] ?? null));
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function asNumber(text: string): Json {
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Rows in the order of one column: figures from the highest, all else from the lowest; rows without a value last. */
export function sortedRows(table: SettingsTable, column: number, isReversed: boolean): SettingsTable {
  const direction = (table.columns[column]?.kind === 'figure' ? -1 : 1) * (isReversed ? -1 : 1);
  const rows = table.rows.toSorted((one, other) => {
    const [first, second] = [one[column] ?? null, other[column] ?? null];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    if (typeof first === 'number' && typeof second === 'number') return direction * (first - second);
    return direction * textOf(first).localeCompare(textOf(second), 'en');
  });
  return { ...table, rows };
}
