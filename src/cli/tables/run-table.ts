import type { Json } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import { terminalText } from '../../core/text/paint.ts';
import { textTable } from '../../core/text/text-table.ts';
import { settingsTables, sortedRows, type SettingsTable } from '../../kit/draw/settings-table.ts';
import { figureValue } from '../../pipeline/console/figure-text.ts';
import { factsOf, findRun } from '../../pipeline/record/find-run.ts';
import { figuresOf } from '../../pipeline/record/run-details.ts';
import { csvGrid, latexGrid, markdownGrid, type Grid } from '../../pipeline/table/grid-forms.ts';
import { failures } from '../failures.ts';
import { showsColour, type ProcessContext } from '../flow-command.ts';
import type { Workspace } from '../workspace.ts';

/** How the table of a run is printed. */
export interface RunTableOptions {
  readonly sort?: string;
  readonly reverse: boolean;
  readonly csv: boolean;
  readonly latex: boolean;
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Prints the matrix of a recorded run: a row for each choice, the parameters and figures that differ as columns. */
export function printRunTable(
  name: string,
  options: RunTableOptions,
  { workspace, context }: { readonly workspace: Workspace; readonly context: ProcessContext },
): void {
  const { database } = workspace;
  const run = findRun(database, name);
  const figures = figuresOf(database, run);
  const tables = settingsTables(
    factsOf(database, run).experiment.tasks.map(({ id, stage, params, seed }) => ({
      ...{ id, stage, settings: { ...params, seed } },
      figures: figures.filter(({ task }) => task === id),
    })),
  );
  if (tables.length === 0) fail(failures.noFigures({ run }));
  const sorted = options.sort === undefined ? tables : sortedBy(tables, options.sort, options.reverse);
  const { stdout } = context;
  if (options.json) stdout.write(`${JSON.stringify({ run, tables: sorted }, null, 2)}\n`);
  else if (options.csv) stdout.write(sorted.map((table) => csvGrid(wholeGrid(table))).join('\r\n'));
  else if (options.latex) stdout.write(sorted.map((table) => latexGrid(shownGrid(table))).join('\n'));
  else if (options.markdown) stdout.write(sorted.map((table) => markdownGrid(shownGrid(table))).join('\n'));
  else {
    const texts = sorted.map((table) => terminalGrid(shownGrid(table)));
    stdout.write(`${terminalText(texts.join('\n\n'), showsColour(stdout, context.environment))}\n`);
  }
}

/** Those of the tables that have the column, in its order; fails if none has. */
function sortedBy(tables: readonly SettingsTable[], column: string, isReversed: boolean): readonly SettingsTable[] {
  const known = [...new Set(tables.flatMap(({ columns }) => columns.map(({ name }) => name)))];
  if (!known.includes(column)) return fail(failures.unknownSortColumn({ name: column, known }));
  return tables.map((table) => {
    const index = table.columns.findIndex(({ name }) => name === column);
    return index < 0 ? table : sortedRows(table, index, isReversed);
  });
}

function wholeGrid({ columns, rows }: SettingsTable): Pick<Grid, 'heads' | 'rows'> {
  return { heads: columns.map(({ name }) => name), rows: rows.map((row) => row.map(wholeText)) };
}

function wholeText(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Figures with as many digits as matter, and the ends of their intervals behind them. */
function shownGrid({ columns, rows }: SettingsTable): Grid {
  const indexOf = (name: string): number => columns.findIndex((column) => column.name === name);
  const ends = columns.map(({ name }) => [indexOf(`${name}Low`), indexOf(`${name}High`)] as const);
  const folded = new Set(ends.flatMap(([low, high]) => (low < 0 || high < 0 ? [] : [low, high])));
  const kept = columns.flatMap((column, index) => (folded.has(index) ? [] : [{ ...column, index }]));
  return {
    heads: kept.map(({ name }) => name),
    numeric: kept.map(({ index }) => rows.every((row) => typeof row[index] !== 'string')),
    rows: rows.map((row) =>
      kept.map(({ index, kind }) => {
        const text = (value: Json): string =>
          typeof value === 'number' && kind === 'figure' ? figureValue(value) : wholeText(value);
        const [low, high] = (ends[index] ?? []).map((end) => row[end] ?? null);
        const hasInterval = typeof low === 'number' && typeof high === 'number';
        const value = row[index] ?? null;
        return value === null ? '-' : text(value) + (hasInterval ? ` [${text(low)}, ${text(high)}]` : '');
      }),
    ),
  };
}

function terminalGrid({ heads, rows }: Grid): string {
  return textTable([heads, ...rows]).join('\n');
}
