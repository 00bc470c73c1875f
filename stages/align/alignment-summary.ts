import type { FaceRecord } from './face-record.ts';

/** Points that fit the template worse than this, in pixels of an image 112 high, are probably not those of a face. */
export const strangeResidual = 5;

/** Figures of an alignment, in the order in which they are shown. */
export type AlignmentCounts = Readonly<Record<string, number>>;

/** Counts records as they come. `images` is the sum of aligned, cropped, listed and left out. */
export class AlignmentSummary {
  readonly #outcomes = new Map<FaceRecord['outcome'], number>();
  readonly #steps = new Map<string, number>();
  readonly #crops = new Map<string, number>();
  readonly #reasons = new Map<string, number>();
  readonly #residuals: number[] = [];
  #severalFaces = 0;
  #partlyOutside = 0;

  add({ outcome, step, crop, reason, residual, faces = 0, pointsOutside = 0 }: FaceRecord): void {
    increase(this.#outcomes, outcome);
    if (reason !== undefined) increase(this.#reasons, reason);
    else if (step !== undefined) increase(this.#steps, step);
    if (crop !== undefined) increase(this.#crops, crop);
    if (residual !== undefined) this.#residuals.push(residual);
    if (faces > 1) this.#severalFaces += 1;
    if (pointsOutside > 0) this.#partlyOutside += 1;
  }

  get images(): number {
    return [...this.#outcomes.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Images that an output holds. */
  get written(): number {
    return this.images - this.#of('left-out');
  }

  /** Images left out, by the code of the reason. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons;
  }

  get strange(): number {
    return this.#residuals.filter((residual) => residual > strangeResidual).length;
  }

  counts(): AlignmentCounts {
    return {
      images: this.images,
      aligned: this.#of('aligned'),
      cropped: this.#of('cropped'),
      'listed without points': this.#of('listed'),
      'left out': this.#of('left-out'),
      ...Object.fromEntries([...this.#reasons].sort().map(([code, count]) => [`left out: ${code}`, count])),
      ...Object.fromEntries([...this.#steps].sort().map(([step, count]) => [`found: ${step}`, count])),
      ...Object.fromEntries([...this.#crops].sort().map(([crop, count]) => [`cropped: ${crop}`, count])),
      'with several faces': this.#severalFaces,
      'points partly outside': this.#partlyOutside,
      'residual, median': rounded(quantile(this.#residuals, 0.5)),
      'residual, 99 %': rounded(quantile(this.#residuals, 0.99)),
      [`residual above ${strangeResidual}`]: this.strange,
    };
  }

  #of(outcome: FaceRecord['outcome']): number {
    return this.#outcomes.get(outcome) ?? 0;
  }
}

function increase<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The value below which this share of the values is; 0 of none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
