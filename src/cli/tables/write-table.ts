import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { csvForm } from '../../pipeline/table/csv-form.ts';
import type { FilledTable } from '../../pipeline/table/filled-table.ts';
import { latexForm, latexMacros } from '../../pipeline/table/latex-form.ts';
import { markdownForm } from '../../pipeline/table/markdown-form.ts';
import { failures } from '../failures.ts';
import { tablePage } from './table-page.ts';

/** Where the forms of a table go. */
export interface TablePlace {
  /** Absolute. */
  readonly folder: string;
  /** Markdown files with a block of the table; absolute. */
  readonly into: readonly string[];
  readonly withMacros: boolean;
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
function stemOf({ name, isSmoke }: FilledTable): string {
  return isSmoke ? `${name}.smoke` : name;
}

/** Path of the table's JSON, which `--check` compares with. */
export function storedPath(table: FilledTable, folder: string): string {
  return join(folder, `${stemOf(table)}.json`);
}

/** Writes what has changed; returns all its files, relative to a folder. */
export function writeTable(table: FilledTable, place: TablePlace, shownFrom: string): readonly string[] {
  const { folder, into, withMacros } = place;
  mkdirSync(folder, { recursive: true });
  const files = [...formsOf(table, withMacros)].map(([name, text]) => ({ path: join(folder, name), text }));
  const blocks = table.isSmoke ? [] : into.map((path) => ({ path, text: withBlock(path, table) }));
  for (const { path, text } of [...files, ...blocks]) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileAtomic(path, text);
  }
  return [...files, ...blocks].map(({ path }) => relative(shownFrom, path));
}

/** Files and blocks that are not what a stored table says: written by hand, or by an earlier version. */
export function staleForms(stored: FilledTable, { folder, into, withMacros }: TablePlace): readonly string[] {
  const files = [...formsOf(stored, withMacros)].filter(([name, text]) => {
    const path = join(folder, name);
    return !name.endsWith('.json') && existsSync(path) && readFileSync(path, 'utf8') !== text;
  });
  const blocks = stored.isSmoke ? [] : into.filter((path) => withBlock(path, stored) !== readFileSync(path, 'utf8'));
  return [...files.map(([name]) => join(folder, name)), ...blocks];
}

/** A Markdown file with its block of a table written again. Fails if it has none. */
function withBlock(path: string, table: FilledTable): string {
  const { name } = table;
  const [begin, end] = [`<!-- flow table ${name} -->`, `<!-- /flow table ${name} -->`];
  const lines = readText(path, name).split('\n');
  const [first, last] = [markerLine(lines, begin), markerLine(lines, end)];
  if (first < 0 || last < first) return fail(failures.noTableBlock({ begin, end }, { file: path }));
  const block = ['', ...markdownForm(table).trimEnd().split('\n'), ''];
  return [...lines.slice(0, first + 1), ...block, ...lines.slice(last)].join('\n');
}

function readText(path: string, name: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const [begin, end] = [`<!-- flow table ${name} -->`, `<!-- /flow table ${name} -->`];
  return fail(failures.noTableBlock({ begin, end }, { file: path }));
}

/** The line of a marker outside of blocks of code, which hold examples; -1 without one. */
function markerLine(lines: readonly string[], marker: string): number {
  let isCode = false;
  for (const [index, line] of lines.entries()) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    else if (!isCode && line.trim() === marker) return index;
  }
  return -1;
}
