/**
 * A figure with as many digits as matter at a glance: `1240`, `158`, `21.4`, `3.21`, `0.912`, `0.00316`, `1.0e-7`,
 * `2.59e+23`. Of a share close to 1 what is missing matters: `0.9945`, `0.99912`.
 */
export function figureValue(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1e9) return value.toExponential(2);
  if (Number.isInteger(value)) return String(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.1) return value.toFixed(size >= 0.999 ? 5 : size >= 0.99 ? 4 : 3);
  return size >= 1e-5 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

/** `21.4 images/s` for rates, `loss 3.21` and `lfw/accuracy 0.912` for everything else. */
export function figureText(name: string, value: number): string {
  return name.endsWith('/s') ? `${figureValue(value)} ${name}` : `${name} ${figureValue(value)}`;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
}

/**
 * Figures in one line; one that is called `deviation` belongs to the one before it: `accuracy 0.912 ± 0.021`, with the
 * five digits that papers print where it is below 0.01: `accuracy 0.99450 ± 0.00466`. The ends of an interval, `eerLow` and `eerHigh`,
 * belong to the figure before them: `eer 0.00567 [0.00367, 0.00817]`.
 */
export function figuresText(figures: readonly Figure[]): string {
  const parts: string[] = [];
  for (const [index, { name, value }] of figures.entries()) {
    const mean = figures[index - 1];
    const last = parts.length - 1;
    const next = figures[index + 1];
    if (/(^|\/)deviation$/.test(name) && mean !== undefined) parts[last] = meanText(mean, value);
    // The ends of an interval stand behind the figure they belong to.
    else if (name.endsWith('Low') && next?.name === name.replace(/Low$/, 'High')) {
      parts[last] = `${parts[last] ?? ''} [${figureValue(value)}, ${figureValue(next.value)}]`;
    } else if (name.endsWith('High') && mean?.name === name.replace(/High$/, 'Low')) continue;
    else parts.push(figureText(name, value));
  }
  return parts.join(', ');
}

function meanText({ name, value }: Figure, deviation: number): string {
  if (deviation >= 0.01 || Math.abs(value) > 1) return `${figureText(name, value)} ± ${deviation.toFixed(3)}`;
  return `${name} ${value.toFixed(5)} ± ${deviation.toFixed(5)}`;
}
