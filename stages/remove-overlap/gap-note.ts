import type { Gap, OverlapReport } from './report.ts';

/** Between people who are in both and people who are not is as much, where both have the same images and the model is a good one. */
const clearGap = 0.1;

/** A threshold that is read off the curve of this very set: what 0.4 means is another thing for every model. */
export function aboutGap(
  { threshold, atThreshold }: Pick<OverlapReport, 'threshold' | 'atThreshold'>,
  { from, to, identities }: Gap,
): { readonly level: 'info' | 'warning'; readonly message: string } {
  const range = `no identity has a cosine between ${from.toFixed(3)} and ${to.toFixed(3)}, the widest gap`;
  const isInside = threshold > from && threshold <= to;
  if (isInside) return { level: 'info', message: `${range}: the threshold ${threshold} is in it` };
  const middle = ((from + to) / 2).toFixed(2);
  const here = atThreshold.findLast((each) => each.threshold <= threshold + 1e-9)?.identities ?? 0;
  const message = `${range}; threshold: ${middle} leaves out the ${identities} above it, ${threshold} leaves out ${here}`;
  if (threshold > from || to - from < clearGap) return { level: 'info', message };
  const those = here - identities;
  return {
    level: 'warning',
    message: `${message}: the other ${those} may be people who only look alike, or people whose images differ. near-threshold.jpg shows them`,
  };
}
