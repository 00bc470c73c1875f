import { meanOf, sampleDeviation } from '../../src/core/statistics.ts';
import type { Training } from './trainings.ts';

/** Mean and sample standard deviation. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { count: values.length, mean: meanOf(values), deviation: sampleDeviation(values) };
}

const percent = (share: number): string => (100 * share).toFixed(2);

const isOurs = ({ program }: Training): boolean => program.startsWith('faceflow');

/** Accuracies side by side: every pair of a seed, means and spreads, and the mean difference with its t. */
export function comparisonText(trainings: readonly Training[]): string {
  const losses = [...new Set(trainings.map(({ loss }) => loss))];
  const pixels = [...new Set(trainings.filter((each) => !isOurs(each)).map((each) => each.pixels))];
  const lines = losses.flatMap((loss) => pixels.flatMap((kind) => pairedLines(trainings, loss, kind)));
  return lines.join('\n');
}

function pairedLines(trainings: readonly Training[], loss: string, pixels: string): string[] {
  const pairs = trainings
    .filter((each) => each.loss === loss && isOurs(each))
    .flatMap((ours) => {
      const theirs = trainings.find(
        (each) => each.loss === loss && each.seed === ours.seed && !isOurs(each) && each.pixels === pixels,
      );
      return theirs === undefined ? [] : [{ ours, theirs }];
    });
  if (pairs.length === 0) return [];
  const sides = (['ours', 'theirs'] as const).map((side) => {
    const accuracies = pairs.map((pair) => pair[side].accuracy);
    const { mean, deviation } = spreadOf(accuracies);
    const name = side === 'ours' ? 'faceflow' : `PyTorch, pixels of ${pixels}`;
    const spread = accuracies.length === 1 ? '' : `; mean ${percent(mean)}, deviation ${percent(deviation)}`;
    return `${loss} ${name}: ${accuracies.map(percent).join(' ')}${spread}`;
  });
  if (pairs.length === 1) return sides;
  const differences = spreadOf(pairs.map(({ ours, theirs }) => ours.accuracy - theirs.accuracy));
  const t = differences.mean / (differences.deviation / Math.sqrt(differences.count));
  return [...sides, `${loss} difference ${percent(differences.mean)}, t ${t.toFixed(2)} of ${pairs.length} pairs`];
}
