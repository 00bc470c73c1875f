import type { VerificationResult } from '../../src/kit/face/verification-result.ts';

/** In the form of the 2018 system (src/eval/verification.py), so that its log readers go on working. */
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

/** The best accuracy of each set, over all models. */
export function maxLines(results: readonly VerificationResult[]): readonly string[] {
  const sets = [...new Set(results.map(({ set }) => set))];
  return sets.map((set) => {
    const accuracies = results.filter((result) => result.set === set).map(({ accuracy }) => accuracy);
    return `Max of [${set}] is ${Math.max(...accuracies).toFixed(5)}`;
  });
}
