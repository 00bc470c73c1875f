import type { StageEvent } from '../../src/stage-api/stage.ts';
import type { VerificationResult } from '../../src/kit/face/verification-result.ts';

type Metric = Extract<StageEvent, { type: 'metric' }>;

/**
 * The figures for the record. Of one set they have plain names, of several the set stands before them. Of several models
 * the figures are those of the one with the highest accuracy, and a curve holds the accuracy of each, counted from 1.
 */
export function figures(results: readonly VerificationResult[]): readonly Metric[] {
  const sets = [...new Set(results.map(({ set }) => set))];
  return sets.flatMap((set) => {
    const ofSet = results.filter((result) => result.set === set);
    const prefix = sets.length === 1 ? '' : `${set}/`;
    const best = ofSet.reduce((left, right) => (right.accuracy > left.accuracy ? right : left));
    const curve = ofSet.map(({ accuracy }, index) => metric(`${prefix}accuracy of each model`, accuracy, index + 1));
    return [...(ofSet.length === 1 ? [] : curve), ...figuresOf(best, prefix)];
  });
}

function figuresOf(result: VerificationResult, prefix: string): readonly Metric[] {
  const { accuracy, deviation, accuracyWithoutFlip, xnorm, areaUnderCurve, folds } = result;
  const threshold = folds.reduce((sum, fold) => sum + fold.threshold, 0) / folds.length;
  const plain = { accuracy, deviation, accuracyWithoutFlip, xnorm, threshold };
  const hasBoth = result.samePairs > 0 && result.samePairs < result.pairs;
  return [
    ...Object.entries(plain).map(([name, value]) => metric(`${prefix}${name}`, value)),
    // What no pair can measure is no figure.
    ...(hasBoth ? [metric(`${prefix}areaUnderCurve`, areaUnderCurve)] : []),
    ...result.tarAtFar.flatMap(({ far, tar, folds: counted }) =>
      counted === 0 ? [] : [metric(`${prefix}tarAtFar${far.toExponential(0)}`, tar)],
    ),
  ];
}

function metric(name: string, value: number, step?: number): Metric {
  return { type: 'metric', name, value, ...(step === undefined ? {} : { step }) };
}
