import { normalQuantile } from '../../core/normal-distribution.ts';

/** Maps values to positions, and knows where to put ticks. */
export interface Scale {
  readonly kind: 'linear' | 'log' | 'probit';
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** Position of a value between the two ends of `range`; values outside of the domain are moved to its ends. */
  at(value: number): number;
}

type Range = readonly [number, number];

export function linearScale(domain: Range, range: Range, tickCount = 5): Scale {
  const [low, high] = domain[0] === domain[1] ? [domain[0], domain[0] + 1] : domain;
  const at = (value: number): number => interpolate((clamp(value, low, high) - low) / (high - low), range);
  return { kind: 'linear', domain: [low, high], ticks: linearTicks(low, high, tickCount), at };
}

/** The domain has to be above zero; ticks are at powers of ten. */
export function logScale(domain: Range, range: Range): Scale {
  const [low, high] = domain;
  const span = Math.log10(high / low) || 1;
  const at = (value: number): number => interpolate(Math.log10(clamp(value, low, high) / low) / span, range);
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  return { kind: 'log', domain, ticks, at };
}

/** Shares that are read off easily. */
const shares = [1e-7, 1e-6, 1e-5, 1e-4, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999];

/**
 * Quantiles of the normal distribution, on which the errors of normal scores are a straight line (Martin et al., The DET curve in
 * assessment of detection task performance, Eurospeech 1997). The domain is within 0 and 1, without them.
 */
export function probitScale(domain: Range, range: Range): Scale {
  const [low, high] = domain;
  const [first, last] = [normalQuantile(low), normalQuantile(high)];
  const at = (value: number): number =>
    interpolate((normalQuantile(clamp(value, low, high)) - first) / (last - first), range);
  const ticks = shares.filter((share) => share >= low * (1 - 1e-9) && share <= high * (1 + 1e-9));
  return { kind: 'probit', domain, ticks, at };
}

/** The smallest domain that begins and ends at ticks and holds all values. */
export function niceDomain(values: readonly number[], tickCount = 5): Range {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  if (low === high) return low === 0 ? [0, 1] : [Math.min(0, low * 2), Math.max(0, low * 2)];
  const step = tickStep(low, high, tickCount);
  return [round(Math.floor(low / step + 1e-9) * step, step), round(Math.ceil(high / step - 1e-9) * step, step)];
}

/** Multiples of 1, 2 or 5 times a power of ten within a domain, about so many. */
export function linearTicks(low: number, high: number, count: number): readonly number[] {
  const step = tickStep(low, high, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => round((first + index) * step, step));
}

function tickStep(low: number, high: number, count: number): number {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10;
  return factor * power;
}

/** Removes what binary arithmetic adds behind the digits of the step. */
function round(value: number, step: number): number {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(step)));
  return Number(value.toFixed(Math.min(20, digits))) + 0;
}

function interpolate(share: number, [start, end]: Range): number {
  return start + share * (end - start);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
