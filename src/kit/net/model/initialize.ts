import { Random } from '../../../core/random.ts';
import type { GraphParameter } from '../graph/shaped-graph.ts';
import { elementCount } from '../graph/feature-shape.ts';
import type { NamedArray } from './model.ts';

/** Xavier's rule (Glorot and Bengio 2010) as MXNet has it, magnitude 2: variance (gaussian) or bound (uniform) from one fan. */
export interface WeightInitializer {
  readonly distribution: 'gaussian' | 'uniform';
  readonly fan: 'in' | 'out';
}

/** Start values of a parameter; each draws from a generator of its own, named after it. */
export function initialValues(parameter: GraphParameter, rule: WeightInitializer, seed: number): NamedArray {
  const { name, shape, initial } = parameter;
  const values = new Float32Array(elementCount(shape));
  if (initial === 'xavier') fillXavier(values, { shape, rule, random: Random.derive(seed, `initialize ${name}`) });
  else values.fill(initial);
  return { name, shape, values };
}

/** Weights of a layer outside of the graph (a classifier), by the same rule. */
export function initialWeights(name: string, shape: readonly number[], { rule, seed }: WeightDraw): NamedArray {
  return initialValues(
    { name, shape, layer: name, suffix: 'weight', role: 'trainable', initial: 'xavier' },
    rule,
    seed,
  );
}

export interface WeightDraw {
  readonly rule: WeightInitializer;
  readonly seed: number;
}

/** Rows in a row of {@link initialWeights}. */
export interface WeightRows {
  readonly first: number;
  readonly values: Float32Array;
}

/** Those rows of {@link initialWeights} that are in a range, so many values at a time: never all of them are in memory. */
export function* initialRows(
  { name, shape }: Pick<NamedArray, 'name' | 'shape'>,
  { rule, seed }: WeightDraw,
  rows: { readonly first: number; readonly count: number },
): Generator<WeightRows> {
  const [, ...rest] = shape;
  const width = elementCount(rest);
  const random = Random.derive(seed, `initialize ${name}`);
  // Each row is what it is among all: those before it are drawn too.
  skipXavier(rows.first * width, { shape, rule, random });
  const atATime = Math.max(1, Math.floor(2 ** 22 / width));
  const end = rows.first + rows.count;
  for (let first = rows.first; first < end; first += atATime) {
    const values = new Float32Array(Math.min(atATime, end - first) * width);
    fillXavier(values, { shape, rule, random });
    yield { first, values };
  }
}

interface Drawing {
  readonly shape: readonly number[];
  readonly rule: WeightInitializer;
  readonly random: Random;
}

function skipXavier(count: number, { rule, random }: Drawing): void {
  for (let index = 0; index < count; index += 1) {
    if (rule.distribution === 'gaussian') random.normal();
    else random.uniform();
  }
}

/** fan in = shape[1] * kernel area, fan out = shape[0] * kernel area; scale = sqrt(2 / fan). */
function fillXavier(values: Float32Array, { shape, rule, random }: Drawing): void {
  const [filters = 1, channels = 1, ...kernel] = shape;
  const scale = Math.sqrt(2 / ((rule.fan === 'out' ? filters : channels) * elementCount(kernel)));
  for (let index = 0; index < values.length; index += 1) {
    values[index] = rule.distribution === 'gaussian' ? scale * random.normal() : random.uniform(-scale, scale);
  }
}
