import { throwIfAny, type Failure } from '../../core/failure.ts';
import { pointerTo } from '../experiment/node.ts';
import {
  plainLine,
  slugOf,
  type Choices,
  type ColumnDefinition,
  type PublishedValues,
  type RowDefinition,
  type WrittenTable,
} from './definition.ts';
import { failures } from './failures.ts';
import { hasChoices, type RowSource, type SourceTask } from './source-task.ts';

/** A row with the tasks it draws on. */
export interface TableRow {
  readonly id: string;
  readonly label: string;
  readonly group: string;
  readonly where: Choices;
  readonly published: PublishedValues;
  readonly footnotes: readonly string[];
  readonly source: RowSource;
  /** Where it was written. */
  readonly pointer: string;
}

/** A column with all that it leaves open filled in. */
export interface TableColumn extends ColumnDefinition {
  readonly id: string;
  readonly title: string;
  readonly pointer: string;
}

export interface ExpandedTable {
  readonly rows: readonly TableRow[];
  readonly columns: readonly TableColumn[];
}

/** The rows of a table, one for each choice where a row names a matrix, and its columns. Fails with all that does not fit. */
export function expandTable(table: WrittenTable, sources: readonly RowSource[]): ExpandedTable {
  const { definition, locate } = table;
  const problems: Failure[] = [];
  const columns = definition.columns.map((column, index): TableColumn => {
    const title = plainLine(column.title ?? column.figure);
    const group = plainLine(column.group);
    return {
      ...column,
      title,
      group,
      id: column.id ?? slugOf(title).replaceAll(/[.=]/g, '-'),
      pointer: `/columns/${index}`,
    };
  });
  const rows = definition.rows.flatMap((row, index) => {
    const source = sources[index];
    if (source === undefined) throw new Error('each row of a table has a source');
    const pointer = `/rows/${index}`;
    const stages = [...new Set(source.tasks.map(({ stage }) => stage))];
    if (row.matrix === undefined) return [plainRow(row, { source, pointer })];
    if (!stages.includes(row.matrix)) {
      const facts = { stage: row.matrix, owner: source.owner, known: stages };
      problems.push(failures.unknownTableStage(facts, locate(`${pointer}/matrix`)));
      return [];
    }
    const chosen = matrixRows(row, { source, pointer, over: definition.over });
    if (chosen.length > 0) return chosen;
    const known = source.tasks.filter(({ stage }) => stage === row.matrix).map(({ id }) => id);
    const facts = { stage: row.matrix, where: choicesText(row.where), known };
    problems.push(failures.noTableTask(facts, locate(`${pointer}/where`)));
    return [];
  });
  problems.push(...repeated('row', rows, locate), ...repeated('column', columns, locate));
  for (const { select, direction, title, pointer } of columns) {
    if (select !== 'best' || direction !== 'none') continue;
    problems.push(failures.bestWithoutDirection({ column: title }, locate(`${pointer}/select`)));
  }
  problems.push(...unknownChoices(table, { sources, columns }));
  throwIfAny(problems);
  const published = withPublished(table, rows);
  throwIfAny([
    ...published.problems,
    ...unknownColumns(table, published.rows, columns),
    ...withoutCitation(table, published.rows),
  ]);
  return { rows: published.rows, columns };
}

interface RowPlace {
  readonly source: RowSource;
  readonly pointer: string;
}

function plainRow(row: RowDefinition, { source, pointer }: RowPlace): TableRow {
  const { where, group, published, footnotes } = row;
  const label =
    row.label ?? (Object.keys(where).length > 0 ? choicesText(where) : (row.model ?? row.run ?? source.owner));
  const shown = { label: plainLine(label), group: plainLine(group) };
  return { id: row.id ?? slugOf(label), ...shown, where, published, footnotes, source, pointer };
}

/**
 * The choices of a matrix in the order of its tasks, apart from what is averaged over. Choices whose ids would be the same
 * (`LFW` and `lfw`) are rows of their own: a number tells them apart.
 */
function matrixRows(
  row: RowDefinition,
  { source, pointer, over }: RowPlace & { readonly over: readonly string[] },
): readonly TableRow[] {
  const tasks = source.tasks.filter((task) => task.stage === row.matrix && hasChoices(task, row.where));
  const rows = new Map<string, TableRow>();
  for (const task of tasks) {
    const kept = [...task.labels].filter(([name]) => !over.includes(name));
    const where: Choices = { ...row.where, ...Object.fromEntries(kept) };
    const label = row.label === undefined ? choicesText(Object.fromEntries(kept)) : filledIn(row.label, task);
    const shown = label === '' ? (row.matrix ?? '') : label;
    const choice = choicesText(Object.fromEntries(kept));
    if (rows.has(choice)) continue;
    const taken = [...rows.values()].map((other) => other.id);
    const id = unusedName(`${row.id === undefined ? '' : `${row.id}-`}${slugOf(choice)}`, taken);
    const { published, footnotes } = row;
    const texts = { label: plainLine(shown), group: plainLine(filledIn(row.group, task)) };
    rows.set(choice, { id, ...texts, where, published, footnotes, source, pointer });
  }
  return [...rows.values()];
}

function unusedName(name: string, taken: readonly string[]): string {
  let [unused, count] = [name, 1];
  while (taken.includes(unused)) unused = `${name}-${(count += 1)}`;
  return unused;
}

export function choicesText(choices: Choices): string {
  return Object.entries(choices)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');
}

/** A text with the values of a matrix for `{NAME}` and `{NAME.KEY}`; other braces stay. */
function filledIn(text: string, task: SourceTask): string {
  return text.replaceAll(/\{([A-Za-z_][\w-]*)(?:\.([\w-]+))?\}/g, (whole, name: string, key: string | undefined) => {
    const value = task.matrix[name];
    if (key === undefined) return task.labels.get(name) ?? (typeof value === 'string' ? value : whole);
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    const found = inner.find(([each]) => each === key)?.[1];
    return found === undefined ? whole : typeof found === 'string' ? found : JSON.stringify(found);
  });
}

function repeated(
  what: 'row' | 'column',
  named: readonly { readonly id: string; readonly pointer: string }[],
  locate: WrittenTable['locate'],
): Failure[] {
  const seen = new Set<string>();
  return named.flatMap(({ id, pointer }) => {
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew ? [] : [failures.tableNameTwice({ what, name: id }, locate(pointer))];
  });
}

/** Names of matrices that nothing of the table has: typing errors. */
function unknownChoices(
  { definition, locate }: WrittenTable,
  { sources, columns }: { readonly sources: readonly RowSource[]; readonly columns: readonly TableColumn[] },
): Failure[] {
  const stages = new Set([...definition.rows.map(({ matrix }) => matrix), ...columns.map(({ of }) => of)]);
  const tasks = sources.flatMap((source) => source.tasks).filter(({ stage }) => stages.has(stage));
  const known = [...new Set(tasks.flatMap((task) => [...task.labels.keys(), ...Object.keys(task.matrix)]))];
  const asked = [
    ...definition.over.map((name, index) => [name, `/over/${index}`] as const),
    ...definition.rows.flatMap(({ where }, index) =>
      Object.keys(where).map((name) => [name, `/rows/${index}/where`] as const),
    ),
    ...definition.columns.flatMap(({ where }, index) =>
      Object.keys(where).map((name) => [name, `/columns/${index}/where`] as const),
    ),
  ];
  return asked.flatMap(([name, pointer]) =>
    known.includes(name)
      ? []
      : [
          failures.unknownTableChoice(
            { name, known },
            locate(pointer.startsWith('/over') ? pointer : pointerTo(pointer, name)),
          ),
        ],
  );
}

/** Rows with what was published of them in the list of the whole table. */
function withPublished(
  { definition, locate }: WrittenTable,
  rows: readonly TableRow[],
): { readonly rows: readonly TableRow[]; readonly problems: readonly Failure[] } {
  const added = new Map<string, PublishedValues>();
  const problems: Failure[] = [];
  for (const [index, { id, where, values }] of (definition.published?.rows ?? []).entries()) {
    const meant = rows.filter((row) =>
      id === undefined
        ? Object.entries(where).every(([name, value]) => String(row.where[name]) === String(value))
        : row.id === id,
    );
    for (const row of meant) added.set(row.id, { ...added.get(row.id), ...values });
    if (meant.length > 0) continue;
    const facts = { what: 'row' as const, name: id ?? choicesText(where), known: rows.map((row) => row.id) };
    problems.push(failures.unknownTableName(facts, locate(`/published/rows/${index}`)));
  }
  return {
    rows: rows.map((row) => ({ ...row, published: { ...added.get(row.id), ...row.published } })),
    problems,
  };
}

function unknownColumns(
  { locate }: WrittenTable,
  rows: readonly TableRow[],
  columns: readonly TableColumn[],
): Failure[] {
  const known = columns.map(({ id }) => id);
  const names = new Map(
    rows.flatMap(({ published, pointer }) => Object.keys(published).map((name) => [name, pointer])),
  );
  return [...names].flatMap(([name, pointer]) =>
    known.includes(name) ? [] : [failures.unknownTableName({ what: 'column', name, known }, locate(pointer))],
  );
}

/** A published value without a source cannot be checked. */
function withoutCitation({ definition, locate }: WrittenTable, rows: readonly TableRow[]): Failure[] {
  const citation = plainLine(definition.published?.citation ?? '');
  const first = rows.find(({ published }) => Object.keys(published).length > 0);
  if (citation !== '' || first === undefined) return [];
  const pointer = definition.published === undefined ? `${first.pointer}/published` : '/published/citation';
  return [failures.publishedWithoutCitation({}, locate(pointer))];
}
