import type { Json } from '../../core/digest.ts';
import type { Comparison } from './compare-runs.ts';

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
