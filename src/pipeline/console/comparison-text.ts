import type { Json } from '../../core/digest.ts';
import { humanDuration } from '../../core/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { truncateText } from '../../core/text/terminal-text.ts';
import { textTable } from '../../core/text/text-table.ts';
import type { Comparison, ComparisonRow, ComparisonSection } from './compare-runs.ts';
import { figureValue } from './figure-text.ts';

const titles: Readonly<Record<ComparisonSection, string>> = {
  run: 'run',
  parameter: 'parameters',
  input: 'inputs',
  figure: 'figures',
  time: 'times',
};
/** Longer values end in an ellipsis; JSON and CSV have them whole. */
const cellColumns = 32;

/**
 * A comparison as text for people: one line per row, grouped; the change from the first run where two are compared. Of a
 * task that not every run has, one line tells which have it.
 */
export function comparisonTable(comparison: Comparison, paint: Paint): readonly string[] {
  const { runs } = comparison;
  const rows = withLonelyTasksShort(comparison.rows);
  if (rows.length === 0) return ['no differences'];
  const withChange = runs.length === 2;
  const cells = rows.map((row) => [
    labelOf(row),
    ...row.values.map((value) => truncateText(valueText(row, value), cellColumns)),
    ...(withChange ? [changeText(row)] : []),
  ]);
  const heads = ['', ...runs.map(({ id }) => truncateText(id, cellColumns)), ...(withChange ? ['change'] : [])];
  const [head = '', ...lines] = textTable([heads, ...cells]);
  return [
    paint.bold(head),
    ...rows.flatMap((row, index) => {
      const first = rows[index - 1]?.section !== row.section;
      return [...(first ? [paint.dim(titles[row.section])] : []), lines[index] ?? ''];
    }),
  ];
}

/** What a task uses is shown for all parameters, inputs and times of one that some runs do not have. */
function withLonelyTasksShort(rows: readonly ComparisonRow[]): readonly ComparisonRow[] {
  const isUse = ({ section, name }: ComparisonRow): boolean => section === 'parameter' && name === 'uses';
  const lonely = new Set(rows.filter((row) => isUse(row) && row.values.includes(null)).map(({ task }) => task));
  return rows.filter((row) => !lonely.has(row.task) || row.section === 'figure' || isUse(row));
}

function labelOf({ section, task, name }: ComparisonRow): string {
  if (task === '') return `  ${name}`;
  return section === 'time' ? `  ${task}` : `  ${task} ${name}`;
}

function valueText({ section }: ComparisonRow, value: Json | null): string {
  if (value === null) return '-';
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return JSON.stringify(value);
  if (section === 'time') return humanDuration(value);
  return section === 'figure' ? figureValue(value) : String(value);
}

/** `+0.009` for figures, `x 1.6` for times; empty if neither applies. */
function changeText({ section, values }: ComparisonRow): string {
  const [first, second] = values;
  if (typeof first !== 'number' || typeof second !== 'number') return '';
  if (section === 'time') return first === 0 ? '' : `x ${figureValue(second / first)}`;
  const change = second - first;
  return section !== 'figure' || change === 0 ? '' : `${change > 0 ? '+' : ''}${figureValue(change)}`;
}

/** A comparison as data for other programs (`flow compare --json`); times are milliseconds. */
export function comparisonJson({ runs, rows }: Comparison): Record<string, Json> {
  return {
    ...{ format: 'faceflow-comparison', version: 1 },
    runs: runs.map(({ id, experiment }) => ({ id, experiment })),
    rows: rows.map(({ section, task, name, values }) => ({ section, task, name, values })),
  };
}

/** A comparison as comma-separated values (RFC 4180): section, task, name, then one column per run. Values are whole. */
export function comparisonCsv({ runs, rows }: Comparison): string {
  const head = ['section', 'task', 'name', ...runs.map(({ id }) => id)];
  const lines = rows.map(({ section, task, name, values }) => [section, task, name, ...values.map(cellText)]);
  return [head, ...lines].map((line) => `${line.map(quote).join(',')}\r\n`).join('');
}

function cellText(value: Json | null): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
