import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../core/atomic-file.ts';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { readArrayFile, writeArrayFile } from './array-file.ts';
import { checkValues, checkParameters } from './check-parameters.ts';
import type { Graph } from '../graph/graph.ts';
import { folderFiles } from './folder-files.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { Model, ModelOrigin, NamedArray } from './model.ts';
import { parseModelFile } from './model-file.ts';

const { description: jsonName, values: valuesName } = folderFiles;

/** Writes a model folder. `model.json` comes last: without it there is no model. */
export function writeModel(
  folder: string,
  model: { graph: Graph; parameters: Iterable<NamedArray>; origin: ModelOrigin },
): void {
  makeOwnFolder(folder);
  const arrays = writeArrayFile(join(folder, valuesName), model.parameters);
  const content = { format: 'faceflow-model', version: 2, origin: model.origin, graph: model.graph, arrays };
  writeFileAtomic(join(folder, jsonName), `${JSON.stringify(content, undefined, 1)}\n`);
}

/**
 * Reads a model folder. Fails with `no-model`, `bad-model` and the codes of graphs if model.json is wrong, with
 * `model-incomplete`, `model-truncated` and `parameters-mismatch` if the values do not fit it, and with
 * `parameter-not-finite` and `negative-variance`.
 */
export function readModel(folder: string): Model {
  const file = join(folder, jsonName);
  const { graph, arrays, origin } = parseModelFile(readText(file), file);
  const shaped = inferShapes(graph, file);
  checkParameters(shaped, arrays, file);
  const parameters = readArrayFile(join(folder, valuesName), arrays);
  checkValues(shaped, parameters, join(folder, valuesName));
  return { shaped, parameters, origin };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    fail(failures.missingModelFile({}, { file }), cause);
  }
}
