/** The losses in float64 from their formulas, on plain numbers: what the engines' values and gradients are compared with. */

export type Matrix = readonly (readonly number[])[];

export interface Sample {
  readonly embeddings: Matrix;
  readonly labels: readonly number[];
  /** `fc7_weight`; [classes][embeddingSize]. */
  readonly weight: Matrix;
  /** `fc7_bias`. */
  readonly bias: readonly number[];
}

export type Reference = (sample: Sample) => number;

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? NaN), 0);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const unit = (row: readonly number[]): number[] => row.map((value) => value / Math.sqrt(dot(row, row) + 1e-10));

const logSumExp = (values: readonly number[]): number => {
  const max = Math.max(...values);
  return max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0));
};

export const softmaxReference: Reference = ({ embeddings, labels, weight, bias }) =>
  mean(
    embeddings.map((row, sample) => {
      const logits = weight.map((centre, index) => dot(row, centre) + (bias[index] ?? NaN));
      return logSumExp(logits) - (logits[labels[sample] ?? -1] ?? NaN);
    }),
  );

/** Softmax over scaled cosines in which the label's cosine c is replaced by `target(c)`. */
export function marginReference(scale: number, target: (cosine: number) => number): Reference {
  return ({ embeddings, labels, weight }) =>
    mean(
      embeddings.map((row, sample) => {
        const label = labels[sample];
        const cosines = weight.map((centre) => dot(unit(row), unit(centre)));
        const logits = cosines.map((cosine, index) => scale * (index === label ? target(cosine) : cosine));
        return logSumExp(logits) - (logits[label ?? -1] ?? NaN);
      }),
    );
}

/** Specification, section 3.2: no clamping, and the angle is taken as such. */
export function arcfaceCosine(cosine: number, margin: number, easyMargin: boolean): number {
  const shifted = Math.cos(Math.acos(Math.min(1, Math.max(-1, cosine))) + margin);
  if (easyMargin) return cosine > 0 ? shifted : cosine;
  return cosine > Math.cos(Math.PI - margin) ? shifted : cosine - margin * Math.sin(Math.PI - margin);
}

/** Specification, section 3.4, type 12. */
export function tripletReference(margin: number): Reference {
  return ({ embeddings }) => {
    const rows = embeddings.map(unit);
    const third = rows.length / 3;
    const distance = (a: readonly number[] = [], b: readonly number[] = []): number =>
      a.reduce((sum, value, index) => sum + (value - (b[index] ?? NaN)) ** 2, 0);
    return mean(
      rows.slice(0, third).map((anchor, index) => {
        const [near, far] = [distance(anchor, rows[third + index]), distance(anchor, rows[2 * third + index])];
        return Math.max(0, near - far + margin);
      }),
    );
  };
}
