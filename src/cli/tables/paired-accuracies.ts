import type { ResultCache } from '../../pipeline/cache/result-cache.ts';
import { asKey } from '../../pipeline/plan/key-document.ts';
import type { ComparePairs } from '../../pipeline/table/best-rows.ts';
import type { SourceTask } from '../../pipeline/table/source-task.ts';
import { pairedDifferences } from '../paired-differences.ts';

/** Compares the accuracies of two verifications on the same pairs of people; of other figures no pairs are known. */
export function pairedAccuracies(cache: ResultCache): ComparePairs {
  return (figure, first, second) => {
    const [, set, name] = /^(?:(.*)\/)?([^/]*)$/.exec(figure) ?? [];
    if (name !== 'accuracy') return undefined;
    const compared = pairedDifferences(cache, verified(second), verified(first));
    const meant = compared.filter((each) => set === undefined || each.set === set);
    const [only, ...further] = meant;
    const interval = only?.difference.interval;
    if (only === undefined || further.length > 0 || interval === undefined) return undefined;
    return { value: only.difference.value, low: interval.low, high: interval.high };
  };
}

function verified({ result }: SourceTask): Parameters<typeof pairedDifferences>[1] {
  const key = result === undefined ? undefined : asKey(result.key);
  // Rows differ in the names of their tasks, sets do not.
  return key === undefined ? [] : [{ task: 'verification', key }];
}
