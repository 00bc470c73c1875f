import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../core/atomic-file.ts';
import { FailureError } from '../../core/failure.ts';
import { parseStoredTable } from '../../pipeline/table/compare-tables.ts';
import { csvForm } from '../../pipeline/table/csv-form.ts';
import type { FilledTable } from '../../pipeline/table/filled-table.ts';
import { latexForm, latexMacros } from '../../pipeline/table/latex-form.ts';
import { markdownForm } from '../../pipeline/table/markdown-form.ts';
import { blockIn, withBlock } from './markdown-block.ts';
import { tablePage } from './table-page.ts';

/** Where the forms of a table go. */
export interface TablePlace {
  /** Absolute. */
  readonly folder: string;
  /** Markdown files with a block of the table; absolute. */
  readonly into: readonly string[];
  readonly withMacros: boolean;
  /** Where figures were written that the table lacks now, it is written without them. */
  readonly dropsFigures: boolean;
}

/** Every form of a table, by the name of its file; equal tables have equal texts. */
function formsOf(table: FilledTable, withMacros: boolean): ReadonlyMap<string, string> {
  const stem = stemOf(table);
  return new Map([
    [`${stem}.json`, `${JSON.stringify(table, null, 1)}\n`],
    [`${stem}.md`, markdownForm(table)],
    [`${stem}.tex`, latexForm(table)],
    [`${stem}.csv`, csvForm(table)],
    [`${stem}.html`, tablePage(table)],
    ...(withMacros ? [[`${stem}-macros.tex`, latexMacros(table)] as const] : []),
  ]);
}

/** A smoke run leaves the figures that mean something alone. */
function stemOf({ name, isSmoke }: Pick<FilledTable, 'name' | 'isSmoke'>): string {
  return isSmoke ? `${name}.smoke` : name;
}

/** Path of the table's JSON, which `--check` compares with. */
export function storedPath(table: Pick<FilledTable, 'name' | 'isSmoke'>, folder: string): string {
  return join(folder, `${stemOf(table)}.json`);
}

/** What became of the files of a table, relative to a folder. */
export interface WrittenForms {
  readonly files: readonly string[];
  /** Left as they are: they have figures that the table lacks now. */
  readonly kept: readonly string[];
}

/** Writes what has changed, but replaces figures by their absence only where that is wanted. */
export function writeTable(table: FilledTable, place: TablePlace, shownFrom: string): WrittenForms {
  const { folder, into, withMacros, dropsFigures } = place;
  const files = [...formsOf(table, withMacros)].map(([name, text]) => ({ path: join(folder, name), text }));
  const blocks = table.isSmoke
    ? []
    : into.map((path) => ({ path, text: withBlock(path, table.name, markdownForm(table)) }));
  const keepsForms = !dropsFigures && lacksStoredValues(table, folder);
  const keepsBlock = (path: string): boolean => !dropsFigures && (keepsForms || lacksFiguresOf(path, table));
  const kept = [...(keepsForms ? files : []), ...blocks.filter(({ path }) => keepsBlock(path))].map(({ path }) => path);
  const written = [...files, ...blocks].filter(({ path }) => !kept.includes(path));
  makeOwnFolder(folder);
  for (const { path, text } of written) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileAtomic(path, text);
  }
  return {
    files: written.map(({ path }) => relative(shownFrom, path)),
    kept: kept.map((path) => relative(shownFrom, path)),
  };
}

/** Whether a cell has no value that it has in the table stored there. What is stored and cannot be read is to be written again. */
function lacksStoredValues(table: FilledTable, folder: string): boolean {
  const path = storedPath(table, folder);
  if (!existsSync(path)) return false;
  const stored = storedTable(path);
  const valueIn = ({ rows }: FilledTable, row: string, column: string): number | null => {
    const cells = rows.find(({ id }) => id === row)?.cells ?? [];
    return cells.find((cell) => cell.column === column)?.value ?? null;
  };
  return table.rows.some(({ id, cells }) =>
    cells.some(({ column, value }) => value === null && stored !== undefined && valueIn(stored, id, column) !== null),
  );
}

function storedTable(path: string): FilledTable | undefined {
  try {
    return parseStoredTable(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return undefined;
  }
}

/** Whether the block of a Markdown file has more figures than the table. */
function lacksFiguresOf(path: string, table: FilledTable): boolean {
  const { lines, first, last } = blockIn(path, table.name);
  const cells = (text: readonly string[]): number => text.join('\n').match(/\| *\**\u2212?\d/g)?.length ?? 0;
  return cells(lines.slice(first, last)) > cells(markdownForm(table).split('\n'));
}

/** Files and blocks that are not what a stored table says: written by hand, or by an earlier version. */
export function staleForms(stored: FilledTable, { folder, into, withMacros }: TablePlace): readonly string[] {
  const files = [...formsOf(stored, withMacros)].filter(([name, text]) => {
    const path = join(folder, name);
    return !name.endsWith('.json') && existsSync(path) && readFileSync(path, 'utf8') !== text;
  });
  const text = markdownForm(stored);
  const blocks = stored.isSmoke
    ? []
    : into.filter((path) => withBlock(path, stored.name, text) !== readFileSync(path, 'utf8'));
  return [...files.map(([name]) => join(folder, name)), ...blocks];
}
