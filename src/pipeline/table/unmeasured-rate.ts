/* Figures of an error rate at another one end with that: tarAtFar1e-4, fnmrAtFmr1e-3High. */
const atRate = /^(?<stem>.*At[A-Z][a-z]+)(?<rate>\d(?:\.\d+)?e[+-]?\d+)(?<end>[A-Za-z]*)$/;

/**
 * Whether a task that has the figures `known` has not this one because its rate is smaller than all that can be measured on
 * its pairs: it has the same figure at larger rates.
 */
export function isUnmeasuredRate(figure: string, known: readonly string[]): boolean {
  const asked = atRate.exec(figure)?.groups;
  if (asked === undefined || known.includes(figure)) return false;
  const rates = known.flatMap((name) => {
    const { stem, rate, end } = atRate.exec(name)?.groups ?? {};
    return stem === asked['stem'] && end === asked['end'] ? [Number(rate)] : [];
  });
  return rates.length > 0 && Math.min(...rates) > Number(asked['rate']);
}
