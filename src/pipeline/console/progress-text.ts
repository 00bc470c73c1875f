import { humanDuration } from '../../core/human.ts';
import { figureText } from './figure-text.ts';

/** Where a task stands, as its last progress event reported. */
export interface Progress {
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The first progress of this attempt in this unit: what the speed is measured from, so that a resumed task does not look fast. */
  readonly since: { readonly done: number; readonly at: number };
}

/** Milliseconds until the end at the mean speed so far; undefined while that cannot be known. */
export function remainingMs(progress: Progress, now: number): number | undefined {
  const { done, total, since, at } = progress;
  const gained = done - since.done;
  if (total === undefined || gained <= 0 || at <= since.at) return undefined;
  const wholeMs = ((total - done) * (at - since.at)) / gained;
  return Math.max(0, wholeMs - (now - at));
}

/** `48 %`, `1 min 20 s left`, `21.4 images/s`, `loss 3.21`, `312 of 640 steps`: the most telling first. */
export function progressParts(progress: Progress, now: number): readonly string[] {
  const { done, total, unit } = progress;
  const figures = Object.entries(progress.figures).map(([name, value]) => figureText(name, value));
  if (total === undefined) return [`${done} ${unit}`, ...figures];
  const left = remainingMs(progress, now);
  const leftText = left === undefined ? [] : [`${wholeSeconds(left)} left`];
  return [`${String(percent(progress)).padStart(3)} %`, ...leftText, ...figures, `${done} of ${total} ${unit}`];
}

/** Share done in whole percent, 100 only when all is done. */
export function percent({ done, total }: Progress): number {
  if (total === undefined || total <= 0) return 0;
  return Math.min(100, Math.floor((100 * done) / total));
}

/** A bar of so many columns: the part done and the part to come. */
export function progressBar(share: number, columns: number): { readonly done: string; readonly rest: string } {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return { done: '━'.repeat(filled), rest: '╌'.repeat(columns - filled) };
}

/** Estimates are shown without tenths, which would flicker. */
function wholeSeconds(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : humanDuration(seconds * 1000);
}
