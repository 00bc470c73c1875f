import { checkValues, checkParameters } from '../model/check-parameters.ts';
import { type Graph } from '../graph/graph.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { Model, ModelOrigin, NamedArray } from '../model/model.ts';
import { assumedSizeNote, sizeText, underAssumedSize } from './assumed-size.ts';
import { checkNormalizedOnce, normalizedInput } from './input-normalization.ts';
import type { ModelReadOptions } from './model-format.ts';

export interface ModelParts {
  readonly graph: Graph;
  /** Exactly those of the graph. */
  readonly arrays: Iterable<NamedArray>;
  readonly origin: ModelOrigin;
  /** Named in failures. */
  readonly file: string;
  /** The size of the images is not stated anywhere: the graph's input is a guess. */
  readonly isAssumedSize?: boolean;
}

/**
 * Makes a model of what an importer read: checks the graph, its parameters and their values, puts the normalisation of
 * the input in front, and makes every fixed gamma 1, as MXNet does whatever a file holds. Fails with the codes of
 * `inferShapes`, `checkParameters`, `checkValues` and `checkNormalizedOnce`.
 */
export function assembleModel(parts: ModelParts, options: ModelReadOptions = {}): Model {
  const { input } = parts.graph;
  if (parts.isAssumedSize !== true) return checkedModel(parts, options);
  const model = underAssumedSize(input, () => checkedModel(parts, options));
  const origin = { ...model.origin, input: `${sizeText(input)}, assumed` };
  return { ...model, origin, notes: [assumedSizeNote(input)] };
}

function checkedModel({ graph, arrays, origin, file }: ModelParts, options: ModelReadOptions): Model {
  if (options.normalization !== undefined) checkNormalizedOnce(graph, options.normalization, file);
  const whole = options.normalization === undefined ? graph : normalizedInput(graph, options.normalization);
  const shaped = inferShapes(whole, file);
  const found = new Map([...arrays].map((array) => [array.name, array]));
  checkParameters(shaped, found.values(), file);
  checkValues(shaped, found, file);
  const parameters = new Map<string, NamedArray>();
  for (const { name, shape, role } of shaped.parameters) {
    const values = role === 'fixed' ? undefined : found.get(name)?.values;
    parameters.set(name, { name, shape, values: values ?? new Float32Array(shape[0] ?? 0).fill(1) });
  }
  return { shaped, parameters, origin };
}
