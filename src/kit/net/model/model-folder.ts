import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../core/atomic-file.ts';
import type { Json } from '../../../core/digest.ts';
import { fail } from '../../../core/failure.ts';
import { readArrayFile, writeArrayFile } from './array-file.ts';
import { checkValues, checkParameters } from './check-parameters.ts';
import type { Graph } from '../graph/graph.ts';
import { inferShapes, type ShapedGraph } from '../graph/infer-shapes.ts';
import { parseModelFile } from './model-file.ts';
import type { NamedArray } from './named-array.ts';

/** How a model came to be; for people, not for programs. */
export type ModelOrigin = Readonly<Record<string, Json>>;

/** A network with its parameters. */
export interface Model {
  readonly inferred: ShapedGraph;
  /** By name, in MXNet's layouts. */
  readonly parameters: ReadonlyMap<string, NamedArray>;
  readonly origin: ModelOrigin;
  /** What had to be assumed in reading it, for people; absent where nothing was. */
  readonly notes?: readonly string[];
}

const jsonName = 'model.json';
const valuesName = 'parameters.bin';

/** Writes a model folder. `model.json` comes last: without it there is no model. */
export function writeModel(
  folder: string,
  model: { graph: Graph; parameters: Iterable<NamedArray>; origin: ModelOrigin },
): void {
  mkdirSync(folder, { recursive: true });
  const arrays = writeArrayFile(join(folder, valuesName), model.parameters);
  const content = { format: 'faceflow-model', version: 2, origin: model.origin, graph: model.graph, arrays };
  writeFileAtomic(join(folder, jsonName), `${JSON.stringify(content, undefined, 1)}\n`);
}

/**
 * Reads a model folder. Fails with `no-model`, `bad-model` and the codes of graphs where model.json is wrong, with
 * `model-incomplete`, `model-truncated` and `parameters-mismatch` where the values do not fit it, and with
 * `parameter-not-finite` and `negative-variance`.
 */
export function readModel(folder: string): Model {
  const file = join(folder, jsonName);
  const { graph, arrays, origin } = parseModelFile(readText(file), file);
  const inferred = inferShapes(graph, file);
  checkParameters(inferred, arrays, file);
  const parameters = readArrayFile(join(folder, valuesName), arrays);
  checkValues(inferred, parameters, join(folder, valuesName));
  return { inferred, parameters, origin };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const at = { file };
    fail(
      { code: 'no-model', message: 'A model folder holds model.json and parameters.bin; model.json is missing.', at },
      cause,
    );
  }
}
