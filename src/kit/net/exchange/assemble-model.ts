import { checkValues, checkParameters } from '../model/check-parameters.ts';
import { type Graph } from '../graph/graph.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { Model, ModelOrigin, NamedArray } from '../model/model.ts';
import { assumedSizeNote, sizeText, underAssumedSize } from './assumed-size.ts';
import { checkNormalizedOnce, checkNormalizes, checkStatistics, normalizedInput } from './input-normalization.ts';
import type { ModelReadOptions } from './model-format.ts';

export interface ModelParts {
  readonly graph: Graph;
  /** Exactly those of the graph. */
  readonly arrays: Iterable<NamedArray>;
  readonly origin: ModelOrigin;
  /** Named in failures. */
  readonly file: string;
  /** Named in those about the graph, if that is in another file. */
  readonly graphFile?: string;
  /** The size of the images is not stated anywhere: the graph's input is a guess. */
  readonly isAssumedSize?: boolean;
  /**
   * Whether the network was written by another program than this one, and must normalise pixels itself or be told how.
   * `if-it-embeds`: those of other kinds are fed by programs of their own, which normalise.
   */
  readonly isForeign: boolean | 'if-it-embeds';
  /** For people: what had to be assumed in reading. */
  readonly notes?: readonly string[];
}

/**
 * Makes a model of what an importer read: checks the graph, its parameters and their values, puts the normalisation of
 * the input in front, and makes every fixed gamma 1, as MXNet does whatever a file holds. Fails with the codes of
 * `inferShapes`, `checkParameters`, `checkValues`, `checkNormalizes` and `checkNormalizedOnce`.
 */
export function assembleModel(parts: ModelParts, options: ModelReadOptions = {}): Model {
  const { input } = parts.graph;
  const { notes = [] } = parts;
  if (isGuarded(parts) && options.normalization === undefined) {
    checkNormalizes(parts.graph, parts.graphFile ?? parts.file);
  }
  const withNotes = (model: Model, all: readonly string[]): Model =>
    all.length === 0 ? model : { ...model, notes: all };
  if (parts.isAssumedSize !== true) return withNotes(checkedModel(parts, options), notes);
  const model = underAssumedSize(input, () => checkedModel(parts, options));
  const origin = { ...model.origin, input: `${sizeText(input)}, assumed` };
  return withNotes({ ...model, origin }, [assumedSizeNote(input), ...notes]);
}

/** Whether a network has to normalise pixels itself, or be told how. */
function isGuarded({ isForeign, graph: { input, outputs } }: ModelParts): boolean {
  const isEmbedding = input.channels === 3 && outputs.length === 1;
  return isForeign === true || (isForeign === 'if-it-embeds' && isEmbedding);
}

function checkedModel(parts: ModelParts, options: ModelReadOptions): Model {
  const { graph, arrays, origin, file } = parts;
  const whole = options.normalization === undefined ? graph : normalizedInput(graph, options.normalization);
  const shaped = inferShapes(whole, file);
  const found = new Map([...arrays].map((array) => [array.name, array]));
  if (options.normalization !== undefined) checkNormalizedOnce(graph, options.normalization, { file, arrays: found });
  else if (isGuarded(parts)) checkStatistics(graph, { file, arrays: found });
  checkParameters(shaped, found.values(), file);
  checkValues(shaped, found, file);
  const parameters = new Map<string, NamedArray>();
  for (const { name, shape, role } of shaped.parameters) {
    const values = role === 'fixed' ? undefined : found.get(name)?.values;
    parameters.set(name, { name, shape, values: values ?? new Float32Array(shape[0] ?? 0).fill(1) });
  }
  return { shaped, parameters, origin };
}
