import type { StageEvent } from '../../src/stage-api/stage.ts';
import { isMeasurable } from '../../src/kit/face/uncertainty/error-curve.ts';
import { nonMatch } from '../../src/kit/face/uncertainty/measured.ts';
import type { SetUncertainty } from '../../src/kit/face/uncertainty/set-uncertainty.ts';
import type { VerificationResult } from '../../src/kit/face/verification-result.ts';
import { breakdownFigures, rateName, withEnds } from './breakdown-figures.ts';

type Metric = Extract<StageEvent, { type: 'metric' }>;

/**
 * The figures for the record. For one set they have plain names, for several the name of the set is before them. Of several models
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
  const { uncertainty } = result;
  const different = result.pairs - result.samePairs;
  const hasBoth = result.samePairs > 0 && result.samePairs < result.pairs;
  return [
    ...Object.entries(plain).flatMap(([name, value]) => [
      metric(`${prefix}${name}`, value),
      // Behind the deviation, as it is read: accuracy, its spread over the folds, its interval.
      ...(name === 'deviation' && uncertainty ? withEnds(`${prefix}accuracy`, uncertainty.accuracy).slice(1) : []),
    ]),
    ...(result.leftOut === undefined
      ? []
      : [
          metric(`${prefix}pairsLeftOut`, result.leftOut.pairs.length),
          metric(`${prefix}imagesLeftOut`, result.leftOut.images),
        ]),
    // Without pairs of both kinds there is nothing to measure.
    ...(hasBoth ? withEnds(`${prefix}areaUnderCurve`, { ...uncertainty?.areaUnderCurve, value: areaUnderCurve }) : []),
    ...result.tarAtFar.flatMap(({ far, tar, folds: counted }) =>
      // One different pair is more than such a rate: a figure of it says nothing.
      counted === 0 || !isMeasurable(far, different) ? [] : [metric(`${prefix}tarAtFar${rateName(far)}`, tar)],
    ),
    ...(uncertainty === undefined || !hasBoth ? [] : measuredFigures(uncertainty, prefix)),
    ...breakdownFigures(result, prefix),
  ];
}

/** In the terms of ISO/IEC 19795-1: false non-match rate (FNMR) where the false match rate (FMR) is at most a target. */
function measuredFigures({ eer, decidability, tarAtFar }: SetUncertainty, prefix: string): readonly Metric[] {
  return [
    ...withEnds(`${prefix}eer`, eer),
    ...withEnds(`${prefix}decidability`, decidability),
    ...tarAtFar
      .filter(({ isMeasurable }) => isMeasurable)
      .flatMap((point) => withEnds(`${prefix}fnmrAtFmr${rateName(point.far)}`, nonMatch(point))),
  ];
}

function metric(name: string, value: number, step?: number): Metric {
  return { type: 'metric', name, value, ...(step === undefined ? {} : { step }) };
}

/** In the form of the 2018 system (src/eval/verification.py), so that programs that read its logs keep working. */
export function resultLines(result: VerificationResult, seconds: number): readonly string[] {
  const { set, pairs, embeddingSize, accuracy, deviation, accuracyWithoutFlip, deviationWithoutFlip } = result;
  return [
    `(${2 * pairs}, ${embeddingSize})`,
    `infer time ${seconds.toFixed(6)}`,
    `[${set}]XNorm: ${result.xnorm.toFixed(6)}`,
    `[${set}]Accuracy: ${accuracyWithoutFlip.toFixed(5)}+-${deviationWithoutFlip.toFixed(5)}`,
    `[${set}]Accuracy-Flip: ${accuracy.toFixed(5)}+-${deviation.toFixed(5)}`,
  ];
}

/** Which of the rates are none of this set: a single pair is more than they are. */
export function unmeasuredLines({ set, uncertainty, pairs, samePairs }: VerificationResult): readonly string[] {
  const rates = (uncertainty?.tarAtFar ?? []).filter(({ isMeasurable }) => !isMeasurable);
  if (rates.length === 0 || samePairs === 0 || samePairs === pairs) return [];
  const different = pairs - samePairs;
  const named = rates.map(({ far }) => rateName(far)).join(', ');
  return [
    `[${set}]FNMR at FMR ${named} is not measurable on ${different} pairs of different people, of which one is 1/${different}`,
  ];
}

/** The best accuracy of each set, over all models. */
export function maxLines(results: readonly VerificationResult[]): readonly string[] {
  const sets = [...new Set(results.map(({ set }) => set))];
  return sets.map((set) => {
    const accuracies = results.filter((result) => result.set === set).map(({ accuracy }) => accuracy);
    return `Max of [${set}] is ${Math.max(...accuracies).toFixed(5)}`;
  });
}
