import type { Failure } from '../../core/failure.ts';
import type { Fact, HistogramBar } from '../codec/description.ts';

/** What a file or folder is and holds, in words a newcomer understands. */
export interface Inspection {
  readonly path: string;
  /** Name of the format, `image`, `packed-set`, `image-folder`, `folder` or `unknown`. */
  readonly format: string;
  /** `verification set (.bin)`. */
  readonly title: string;
  /** What this kind of file is for. */
  readonly summary: string;
  /** In the order in which they are shown. */
  readonly facts: readonly Fact[];
  /** What is unusual, but not damage. */
  readonly notes: readonly string[];
  readonly damage: readonly Failure[];
  readonly imagesPerIdentity?: readonly HistogramBar[];
  /** Some images, for the contact sheet. */
  readonly samples: readonly SampleImage[];
}

export interface SampleImage {
  readonly caption: string;
  readonly bytes: Uint8Array;
}

/** Images that are kept for a contact sheet. */
export const sampleCount = 48;

/** Up to `count` positions spread evenly over 0..total-1. */
export function spread(total: number, count: number): number[] {
  if (total <= count) return Array.from({ length: total }, (_, position) => position);
  return Array.from({ length: count }, (_, index) => Math.floor((index * total) / count));
}

/** The value of a fact: `13,233`, `0.333333`; texts stay as they are. */
export function shownValue(value: Fact['value']): string {
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 6 }) : value;
}
