import { type Failure, fail, throwIfAny } from '../../../core/failure.ts';
import type { ShapedGraph } from '../graph/infer-shapes.ts';
import type { NamedArray } from './named-array.ts';

/** An array of which only name and size are known yet. */
export type ArrayShape = Pick<NamedArray, 'name' | 'shape'>;

/** More than these do not each get a failure of their own. */
const maxFailures = 5;

/**
 * Compares the arrays of a file with the parameters of a graph. Fails with `parameters-mismatch`, one failure for each
 * that is missing, has another shape, or belongs to no layer, or one for all where they are many.
 */
export function checkParameters(inferred: ShapedGraph, arrays: Iterable<ArrayShape>, file: string): void {
  const found = new Map([...arrays].map((entry) => [entry.name, entry]));
  const failures: Failure[] = [];
  const report = (message: string): void => {
    failures.push({ code: 'parameters-mismatch', message, at: { file } });
  };
  for (const { name, layer, shape } of inferred.parameters) {
    const entry = found.get(name);
    const wanted = `[${shape.join(', ')}]`;
    if (entry === undefined) report(`Layer "${layer}" needs parameter "${name}" of shape ${wanted}, which is missing.`);
    else if (`[${entry.shape.join(', ')}]` !== wanted) {
      report(`Parameter "${name}" of layer "${layer}" must have shape ${wanted}, found [${entry.shape.join(', ')}].`);
    }
    found.delete(name);
  }
  for (const name of found.keys()) report(`Parameter "${name}" belongs to no layer.`);
  if (failures.length > maxFailures) failures.splice(0, Infinity, summary(failures, file));
  throwIfAny(failures);
}

function summary(failures: readonly Failure[], file: string): Failure {
  const few = failures.slice(0, 3).map(({ message }) => message);
  const message = `${failures.length} parameters do not fit the layers. ${few.join(' ')} ...`;
  return {
    code: 'parameters-mismatch',
    message,
    at: { file },
    hint: 'Graph and parameters are of different networks.',
  };
}

/**
 * Fails with `parameter-not-finite` at the first value that is no finite number, and with `negative-variance` at the first
 * variance of a batch normalisation below 0, whose square root would be NaN.
 */
export function checkValues(inferred: ShapedGraph, parameters: ReadonlyMap<string, NamedArray>, file: string): void {
  for (const { name, layer, suffix } of inferred.parameters) {
    const { values } = parameters.get(name) ?? {};
    if (values === undefined) continue;
    checkFinite(values, { name, layer, file });
    const index = suffix === 'moving_var' ? values.findIndex((value) => value < 0) : -1;
    if (index < 0) continue;
    fail({
      code: 'negative-variance',
      message: `Value ${index} of parameter "${name}" of layer "${layer}" is ${values[index] ?? NaN}; a variance is 0 or more.`,
      at: { file },
      hint: 'The file is damaged, or something else stands in the place of the variances.',
    });
  }
}

interface ParameterPlace {
  readonly name: string;
  readonly layer: string;
  readonly file: string;
}

function checkFinite(values: Float32Array, { name, layer, file }: ParameterPlace): void {
  if (Number.isFinite(nanIfAnyNotFinite(values))) return;
  const index = values.findIndex((value) => !Number.isFinite(value));
  fail({
    code: 'parameter-not-finite',
    message: `Value ${index} of parameter "${name}" of layer "${layer}" is ${values[index] ?? NaN}; a model holds finite numbers only.`,
    at: { file },
    hint: 'The training that made it has diverged.',
  });
}

/** Each times 0: NaN as soon as one is not finite, else 0. Counted down, since `for of` takes ten times as long. */
function nanIfAnyNotFinite(values: Float32Array): number {
  let sum = 0;
  let index = values.length;
  while (index-- > 0) sum += (values[index] ?? 0) * 0;
  return sum;
}
