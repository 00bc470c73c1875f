import type { UnnamedLayer } from '../graph/graph.ts';
import type { LayerKind } from '../graph/layers/index.ts';

/**
 * What files have as one operator and is made of several layers here. `add` adds a layer and returns its name; `part` is what
 * it is of the operator, and undefined for the last one, which has the operator's value.
 */
export type AddLayer = <Kind extends LayerKind>(part: string | undefined, layer: UnnamedLayer<Kind>) => string;

/** The greatest float32: a bound that is none. */
const greatest = 3.4028234663852886e38;

/** alpha (exp(x) - 1) below 0; with another alpha than 1 in two parts, above and below. */
export function addElu(add: AddLayer, input: string, alpha: number): string {
  const elu = { function: 'elu' } as const;
  if (alpha === 1) return add(undefined, { kind: 'activation', inputs: [input], attributes: elu });
  const above = add('above', { kind: 'activation', inputs: [input], attributes: { function: 'relu' } });
  const bounds = { minimum: -greatest, maximum: 0 };
  const negative = add('negative', { kind: 'clip', inputs: [input], attributes: bounds });
  const curve = add('curve', { kind: 'activation', inputs: [negative], attributes: elu });
  const below = add('below', { kind: 'multiply-scalar', inputs: [curve], attributes: { scalar: alpha } });
  return add(undefined, { kind: 'add', inputs: [above, below], attributes: {} });
}

/** left - right. */
export function addDifference(add: AddLayer, left: string, right: string): string {
  const negative = add('negative', { kind: 'multiply-scalar', inputs: [right], attributes: { scalar: -1 } });
  return add(undefined, { kind: 'add', inputs: [left, negative], attributes: {} });
}

/** Any number of terms, two at a time. */
export function addSum(add: AddLayer, [first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return add(undefined, { kind: 'identity', inputs: [first], attributes: {} });
  return others.reduce((sum, term, index) => {
    const part = index === others.length - 1 ? undefined : String(index);
    return add(part, { kind: 'add', inputs: [sum, term], attributes: {} });
  }, first);
}

/** The greatest or the least of several values of one shape: a + relu(b - a), or a - relu(a - b); two at a time. */
export function addExtreme(add: AddLayer, kind: 'max' | 'min', [first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return add(undefined, { kind: 'identity', inputs: [first], attributes: {} });
  return others.reduce((before, other, index) => {
    const turned = (value: string, part: string): string =>
      add(`${part}${index}`, { kind: 'multiply-scalar', inputs: [value], attributes: { scalar: -1 } });
    const terms = kind === 'max' ? [other, turned(before, 'less')] : [before, turned(other, 'less')];
    const difference = add(`difference${index}`, { kind: 'add', inputs: terms, attributes: {} });
    const excess = add(`excess${index}`, {
      kind: 'activation',
      inputs: [difference],
      attributes: { function: 'relu' },
    });
    const change = kind === 'max' ? excess : turned(excess, 'excess_less');
    const part = index === others.length - 1 ? undefined : String(index);
    return add(part, { kind: 'add', inputs: [before, change], attributes: {} });
  }, first);
}
