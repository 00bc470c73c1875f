/** Narrow no-break space, which groups digits without looking like a decimal sign in any language. */
const groupSeparator = '\u202f';

/** `9`, `9 600`, `1 234 567`. */
export function groupedInteger(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, groupSeparator);
}

/** `43.6 M`, `1.2 k`, `512`. */
export function shortCount(value: number): string {
  const units = ['', ' k', ' M', ' G'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return unit === 0 ? String(value) : `${scaled.toFixed(1)}${units[unit] ?? ''}`;
}

/** `0.9123`, with a true minus sign. */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  // Embeddings of a training that went astray have such norms.
  if (Math.abs(value) >= 1e7) return value.toExponential(2);
  return value.toFixed(digits).replace('-', '−');
}

/** `91.2 %`. */
export function percentText(share: number, digits = 1): string {
  return `${fixed(share * 100, digits)}${groupSeparator}%`;
}

/** Labels of ticks: all with as many digits as the finest needs; large ones as `20k`, `3M`. */
export function tickLabels(ticks: readonly number[]): readonly string[] {
  const largest = Math.max(0, ...ticks.map(Math.abs));
  const [unit, suffix] = largest >= 1e6 ? [1e6, 'M'] : largest >= 1e4 ? [1e3, 'k'] : [1, ''];
  const scaled = ticks.map((tick) => tick / unit);
  const digits = Math.max(0, ...scaled.map(fractionDigits));
  return scaled.map((tick) => (tick === 0 && suffix !== '' ? '0' : `${fixed(tick, digits)}${suffix}`));
}

/** `0.1`, `1e-5` written as `10⁻⁵`: for axes of rates. */
export function powerLabel(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent >= -3) return String(10 ** exponent);
  return `10⁻${String(-exponent).replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)))}`;
}

function fractionDigits(value: number): number {
  for (let digits = 0; digits < 10; digits += 1)
    if (Math.abs(Number(value.toFixed(digits)) - value) < 1e-9) return digits;
  return 10;
}
