/** The losses in float64 from their formulas, on plain numbers: what the engines' values and gradients are compared with. */

export type Matrix = readonly (readonly number[])[];

export interface Sample {
  readonly labels: readonly number[];
  readonly classes: number;
  /** `embeddings`, and what the loss has of its own, by name; a vector is one row, a number a row of one. */
  readonly arrays: Readonly<Record<string, Matrix>>;
}

/** The value of a loss. What a formula takes as constant is taken from `base`, of which `sample` is a change. */
export type Reference = (sample: Sample, base: Sample) => number;

export const rowsOf = ({ arrays }: Sample, name: string): Matrix => arrays[name] ?? [];

export const dot = (a: readonly number[] = [], b: readonly number[] = []): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? NaN), 0);

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export const mean = (values: readonly number[]): number => sum(values) / values.length;

export const normOf = (row: readonly number[] = []): number => Math.sqrt(dot(row, row) + 1e-10);

const unit = (row: readonly number[] = []): number[] => row.map((value) => value / normOf(row));

export const angleOf = (cosine: number): number => Math.acos(Math.min(1, Math.max(-1, cosine)));

const logSumExp = (values: readonly number[]): number => {
  const max = Math.max(...values);
  return max + Math.log(sum(values.map((value) => Math.exp(value - max))));
};

const crossEntropy = (logits: readonly number[], label: number): number => logSumExp(logits) - (logits[label] ?? NaN);

export const softmaxReference: Reference = (sample) => {
  const [bias = []] = rowsOf(sample, 'fc7_bias');
  return mean(
    rowsOf(sample, 'embeddings').map((row, at) => {
      const logits = rowsOf(sample, 'fc7_weight').map((centre, index) => dot(row, centre) + (bias[index] ?? 0));
      return crossEntropy(logits, sample.labels[at] ?? -1);
    }),
  );
};

/** A sample as margins see it. */
export interface Own {
  readonly cosine: number;
  readonly norm: number;
  /** Its place in the batch. */
  readonly at: number;
  readonly cosines: readonly number[];
  readonly norms: readonly number[];
}

export interface MarginFormula {
  readonly scale: number | 'norm';
  /** What the label's cosine is replaced by; `base` is what counts as constant. */
  readonly target: (own: Own, base: Own) => number;
  /** What the cosine with another class is replaced by. */
  readonly negative?: (cosine: number, base: Own) => number;
  readonly penalty?: (own: Own) => number;
  readonly centresPerClass?: number;
  readonly interclassFilter?: number | undefined;
  readonly gradient?: 'exact' | 'straight-through' | undefined;
  readonly objective?: (logits: readonly number[], label: number, sample: Sample) => number;
}

/** Softmax over scaled cosines in which the label's cosine is replaced by a target. */
export function marginReference(formula: MarginFormula): Reference {
  const { scale, target, penalty = () => 0, objective = crossEntropy } = formula;
  return (sample, base) => {
    const [owns, bases] = [ownsOf(sample, formula), ownsOf(base, formula)];
    return mean(
      owns.map(({ own, all, label }, at) => {
        const frozen = bases[at]?.own ?? own;
        const value =
          formula.gradient === 'straight-through'
            ? own.cosine + (target(frozen, frozen) - frozen.cosine)
            : target(own, frozen);
        const kept = all.map((cosine) => (cosine > (formula.interclassFilter ?? Infinity) ? 0 : cosine));
        const others = kept.map((cosine) => formula.negative?.(cosine, frozen) ?? cosine);
        const logits = others.map((cosine, index) => (index === label ? value : cosine));
        const factor = scale === 'norm' ? own.norm : scale;
        return objective(logits.map((logit) => factor * logit), label, sample) + penalty(own); // prettier-ignore
      }),
    );
  };
}

interface OwnAndOthers {
  readonly own: Own;
  readonly all: readonly number[];
  readonly label: number;
}

function ownsOf(sample: Sample, { centresPerClass = 1 }: MarginFormula): OwnAndOthers[] {
  const centres = rowsOf(sample, 'fc7_weight').map(unit);
  const rows = rowsOf(sample, 'embeddings').map((row, at) => {
    const each = centres.map((centre) => dot(unit(row), centre));
    const all = Array.from({ length: sample.classes }, (_, label) =>
      Math.max(...each.slice(label * centresPerClass, (label + 1) * centresPerClass)),
    );
    const label = sample.labels[at] ?? -1;
    return { all, label, cosine: all[label] ?? NaN, norm: normOf(row) };
  });
  const batch = { cosines: rows.map(({ cosine }) => cosine), norms: rows.map(({ norm }) => norm) };
  return rows.map(({ all, label, cosine, norm }, at) => ({ all, label, own: { cosine, norm, at, ...batch } }));
}

/** Specification, section 3.2: no clamping, and the angle is taken as such. */
export function arcfaceCosine(cosine: number, margin: number, easyMargin: boolean): number {
  const shifted = Math.cos(angleOf(cosine) + margin);
  if (easyMargin) return cosine > 0 ? shifted : cosine;
  return cosine > Math.cos(Math.PI - margin) ? shifted : cosine - margin * Math.sin(Math.PI - margin);
}

const softplus = (x: number): number => Math.log1p(Math.exp(x));

export function unifaceObjective(scale: number, negativeWeight: number): Required<MarginFormula>['objective'] {
  return (logits, label, sample) => {
    const bias = rowsOf(sample, 'threshold_bias')[0]?.[0] ?? NaN;
    const clip = (x: number): number => Math.min(scale, Math.max(-scale, x));
    const terms = logits.map((logit, index) =>
      index === label ? softplus(-clip(logit - bias)) : negativeWeight * softplus(clip(logit - bias)),
    );
    return sum(terms);
  };
}

export function centreReference(weight: number): Reference {
  return (sample, base) => {
    const centres = rowsOf(base, 'centres');
    const distances = rowsOf(sample, 'embeddings').map((row, at) => {
      const away = row.map((value, index) => value - (centres[sample.labels[at] ?? -1]?.[index] ?? NaN));
      return dot(away, away);
    });
    return softmaxReference(sample, base) + (weight * sum(distances)) / (2 * distances.length);
  };
}

/** The next centres: for each class, half of sum(e - c) / (1 + n), where the rate is a half. */
export function movedCentres(sample: Sample, rate: number): Matrix {
  return rowsOf(sample, 'centres').map((centre, identity) => {
    const own = rowsOf(sample, 'embeddings').filter((_, at) => sample.labels[at] === identity);
    return centre.map((value, index) => {
      const away = sum(own.map((row) => (row[index] ?? NaN) - value));
      return value + (rate * away) / (1 + own.length);
    });
  });
}

export const cocoReference: Reference = (sample) => {
  const scale = 0.5 * Math.log(Math.max(1, sample.classes - 1)) + 3;
  const embeddings = rowsOf(sample, 'embeddings');
  const identities = [...new Set(sample.labels)];
  const means = identities.map((identity) => {
    const own = embeddings.filter((_, at) => sample.labels[at] === identity);
    return unit((own[0] ?? []).map((_, index) => mean(own.map((row) => row[index] ?? NaN))));
  });
  return mean(
    embeddings.map(
      (row, at) =>
      crossEntropy(means.map((centre) => scale * dot(unit(row), centre)), identities.indexOf(sample.labels[at] ?? -1)), // prettier-ignore
    ),
  );
};

const squaredDistance = (a: readonly number[] = [], b: readonly number[] = []): number =>
  sum(a.map((value, index) => (value - (b[index] ?? NaN)) ** 2));

export function marginalReference(threshold: number, margin: number): Reference {
  return (sample) => {
    const rows = rowsOf(sample, 'embeddings').map(unit);
    const terms = rows.flatMap((row, i) =>
      rows.map((other, j) => {
        const sign = sample.labels[i] === sample.labels[j] ? 1 : -1;
        return Math.max(0, sign * (squaredDistance(row, other) - threshold) + margin);
      }),
    );
    return sum(terms) / Math.max(1, rows.length ** 2 - rows.length);
  };
}

export const nPairReference: Reference = (sample) => {
  const rows = rowsOf(sample, 'embeddings').map(unit);
  const [first, second] = [0, 1].map((parity) => rows.filter((_, at) => at % 2 === parity));
  return mean(
    (first ?? []).map((row, at) =>
      crossEntropy(
        (second ?? []).map((other) => dot(row, other)),
        at,
      ),
    ),
  );
};

/** Specification, section 3.4: of anchors, positives and negatives, each a third of the batch. */
export function tripletReference(margin: number, apart: 'distance' | 'angle'): Reference {
  const between = (a: readonly number[] = [], b: readonly number[] = []): number =>
    apart === 'angle' ? angleOf(dot(a, b)) : squaredDistance(a, b);
  return (sample) => {
    const rows = rowsOf(sample, 'embeddings').map(unit);
    const third = rows.length / 3;
    return mean(
      rows.slice(0, third).map((anchor, index) => {
        const [near, far] = [between(anchor, rows[third + index]), between(anchor, rows[2 * third + index])];
        return Math.max(0, near - far + margin);
      }),
    );
  };
}
