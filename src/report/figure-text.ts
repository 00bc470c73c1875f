/** A figure with as many digits as matter at a glance: `1240`, `158`, `21.4`, `3.21`, `0.912`, `0.00316`, `1.0e-7`, `2.59e+23`. */
export function figureValue(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1e9) return value.toExponential(2);
  if (Number.isInteger(value)) return String(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.1) return value.toFixed(3);
  return size >= 1e-5 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

/** `21.4 images/s` for rates, `loss 3.21` for everything else. */
export function figureText(name: string, value: number): string {
  return name.includes('/') ? `${figureValue(value)} ${name}` : `${name} ${figureValue(value)}`;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
}

/** Figures in one line; one that is called `deviation` belongs to the one before it: `accuracy 0.912 ± 0.021`. */
export function figuresText(figures: readonly Figure[]): string {
  const parts: string[] = [];
  for (const { name, value } of figures) {
    const last = parts.length - 1;
    if (name === 'deviation' && last >= 0) parts[last] = `${parts[last] ?? ''} ± ${value.toFixed(3)}`;
    else parts.push(figureText(name, value));
  }
  return parts.join(', ');
}

/** `1 task`, `12 tasks`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
