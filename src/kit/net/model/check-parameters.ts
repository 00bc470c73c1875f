import { type Failure, fail, throwIfAny } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from './model.ts';

/** An array of which only name and size are known yet. */
export type ArrayShape = Pick<NamedArray, 'name' | 'shape'>;

/** More than these do not each get a failure of their own. */
const maxFailures = 5;

/**
 * Compares the arrays of a file with the parameters of a graph. Fails with `parameters-mismatch`, one failure for each
 * that is missing, has another shape, or belongs to no layer, or one for all if they are many.
 */
export function checkParameters(shaped: ShapedGraph, arrays: Iterable<ArrayShape>, file: string): void {
  const found = new Map([...arrays].map((entry) => [entry.name, entry]));
  const at = { file };
  const mismatches: Failure[] = [];
  for (const { name, layer, shape } of shaped.parameters) {
    const entry = found.get(name);
    if (entry === undefined) mismatches.push(failures.missingParameter({ name, layer, shape }, at));
    else if (entry.shape.join() !== shape.join()) {
      mismatches.push(failures.parameterShape({ name, layer, shape, found: entry.shape }, at));
    }
    found.delete(name);
  }
  for (const name of found.keys()) mismatches.push(failures.strayParameter({ name, owner: '' }, at));
  if (mismatches.length > maxFailures) {
    const first = mismatches.slice(0, 3).map(({ message }) => message);
    fail(failures.manyParameters({ count: mismatches.length, first }, at));
  }
  throwIfAny(mismatches);
}

/**
 * Fails with `parameter-not-finite` at the first value that is a NaN or an infinity, and with `negative-variance` at the
 * first variance of a batch normalisation below 0, whose square root would be NaN.
 */
export function checkValues(shaped: ShapedGraph, parameters: ReadonlyMap<string, NamedArray>, file: string): void {
  for (const { name, layer, suffix } of shaped.parameters) {
    const { values } = parameters.get(name) ?? {};
    if (values === undefined) continue;
    const odd = (index: number): Parameters<typeof failures.negativeVariance>[0] => {
      return { name, layer, index, value: values[index] ?? NaN };
    };
    if (!Number.isFinite(nanIfAnyNotFinite(values))) {
      fail(failures.parameterNotFinite(odd(values.findIndex((value) => !Number.isFinite(value))), { file }));
    }
    const negative = suffix === 'moving_var' ? values.findIndex((value) => value < 0) : -1;
    if (negative >= 0) fail(failures.negativeVariance(odd(negative), { file }));
  }
}

/** The sum of each value times 0: NaN if one is not finite, else 0. Counted down, since `for of` takes ten times as long. */
function nanIfAnyNotFinite(values: Float32Array): number {
  let sum = 0;
  let index = values.length;
  while (index-- > 0) sum += (values[index] ?? 0) * 0;
  return sum;
}
