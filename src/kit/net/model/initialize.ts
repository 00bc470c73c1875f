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

/** Weights of a layer outside of the graph (a classifier), by the same rule; with `rows`, those rows of them alone. */
export function initialWeights(name: string, shape: readonly number[], { rule, seed, rows }: WeightDraw): NamedArray {
  const [all = 1, ...rest] = shape;
  const { first, count } = rows ?? { first: 0, count: all };
  const width = elementCount(rest);
  const random = Random.derive(seed, `initialize ${name}`);
  // All are drawn one after the other: each row is what it is without the others.
  skipXavier(first * width, { shape, rule, random });
  const values = new Float32Array(count * width);
  fillXavier(values, { shape, rule, random });
  return { name, shape: [count, ...rest], values };
}

interface WeightDraw {
  readonly rule: WeightInitializer;
  readonly seed: number;
  readonly rows?: { readonly first: number; readonly count: number } | undefined;
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
