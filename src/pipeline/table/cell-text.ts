import type { FilledCell, FilledColumn } from './filled-table.ts';

/** `99.83`, with a true minus sign. */
export function valueText(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value);
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '\u2212');
}

/** `+0.02`, `\u22120.40`, `0.00`. */
export function signedText(value: number, digits: number): string {
  const text = valueText(value, digits);
  return Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

/** `99.83 \u00b1 0.02`, `99.45 [99.22, 99.63]`, `\u2013` without a value. */
export function cellText({ value, spread }: FilledCell, { digits }: Pick<FilledColumn, 'digits'>): string {
  if (value === null) return '\u2013';
  const text = valueText(value, digits);
  if (spread === null) return text;
  if (spread.kind === 'deviation') return `${text} \u00b1 ${valueText(spread.value, digits)}`;
  return `${text} [${valueText(spread.low, digits)}, ${valueText(spread.high, digits)}]`;
}

/** `99.8+ (+0.03, reproduced)`, the published value as it was given; empty without one. */
export function publishedText({ published, difference, tier }: FilledCell, { digits }: FilledColumn): string {
  if (published === null) return '';
  const value = `${String(published.value).replace('-', '\u2212')}${published.atLeast ? '+' : ''}`;
  if (difference === null || tier === null || tier === 'smoke') return `${value} (${tier ?? 'not run'})`;
  const side = tier === 'differs' ? (difference > 0 ? ', above' : ', below') : '';
  return `${value} (${signedText(difference, digits)}, ${tier}${side})`;
}

/** `LFW (%)`. */
export function headText({ title, unit }: Pick<FilledColumn, 'title' | 'unit'>): string {
  return unit === '' ? title : `${title} (${unit})`;
}

/** The letter of a note: a to z, then aa. */
export function noteMark(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : noteMark(Math.floor(index / 26) - 1) + letter;
}
