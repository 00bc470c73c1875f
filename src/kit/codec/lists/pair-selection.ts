import { fail } from '../../../core/failure.ts';
import type { FacePair } from './pair-protocol.ts';

/**
 * The pairs of some folds of a protocol. All folds: in the order of the protocol, as the original packers write them.
 * Only some: same and different pairs interleaved evenly, because a verification cuts the set into contiguous folds,
 * and the protocol's own order (all same pairs of a fold, then all different ones) would make those one-sided.
 */
export function selectPairs<Pair extends { readonly fold: number; readonly same: boolean }>(
  protocol: { readonly folds: number; readonly pairs: readonly Pair[] },
  folds: readonly number[],
  file: string,
): readonly Pair[] {
  const unknown = folds.find((fold) => fold > protocol.folds);
  if (unknown !== undefined) {
    fail({
      code: 'unknown-fold',
      message: `fold ${unknown} was asked for, but the protocol has folds 1 to ${protocol.folds}`,
      at: { file },
    });
  }
  if (folds.length === 0 || folds.length === protocol.folds) return protocol.pairs;
  const chosen = protocol.pairs.filter((pair) => folds.includes(pair.fold));
  return interleave(
    chosen.filter((pair) => pair.same),
    chosen.filter((pair) => !pair.same),
  );
}

/** Merges two lists so that every stretch of the result holds both in the proportion of their lengths. */
function interleave<Item>(first: readonly Item[], second: readonly Item[]): Item[] {
  const place = (length: number) => (item: Item, index: number) => ({ item, at: (index + 0.5) / length });
  return [...first.map(place(first.length)), ...second.map(place(second.length))]
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Everyone who appears in the pairs. */
export function peopleInPairs(pairs: readonly FacePair[]): ReadonlySet<string> {
  return new Set(pairs.flatMap((pair) => [pair.left.name, pair.right.name]));
}
