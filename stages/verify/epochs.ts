import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { checkpointsIn } from '../../src/kit/net/exchange/mxnet/checkpoint-paths.ts';
import { failures } from './failures.ts';

/** A model to verify, with the name to show. */
export interface NamedModel {
  readonly name: string;
  readonly path: string;
}

/**
 * The models that the input means: each path is one, but a folder that holds several (`model-0012.params`, folders with
 * a model.json) means all of them, newest first; `max` [a, b] then takes positions a to b-1 where there are more
 * than b, as the option of the 2018 system did.
 */
export function namedModels(paths: readonly string[], max: readonly number[]): NamedModel[] {
  const range = rangeOf(max);
  const models = paths.flatMap((path) => {
    const epochs = epochsIn(path);
    if (epochs.length === 0) return [path];
    return range !== undefined && epochs.length > range[1] ? epochs.slice(range[0], range[1]) : epochs;
  });
  const names = models.map((path) => basename(path).replace(/\.(params|onnx|json)$/, ''));
  return models.map((path, index) => {
    const name = names[index] ?? path;
    const isUnique = names.filter((other) => other === name).length === 1;
    return { path, name: isUnique ? name : `${name}-${index + 1}` };
  });
}

function rangeOf(max: readonly number[]): readonly [number, number] | undefined {
  const [from, to] = max;
  if (from === undefined) return undefined;
  if (to !== undefined && from < to) return [from, to];
  return fail(failures.badEpochRange({ max }));
}

/** Newest first; empty if the path is a model itself. Fails with `several-models` (`checkpointsIn`). */
function epochsIn(path: string): string[] {
  if (!statSync(path).isDirectory() || isModelFolder(path)) return [];
  const checkpoints = checkpointsIn(path).map(({ parameters, epoch }) => ({ model: parameters, epoch }));
  const folders = readdirSync(path)
    .filter((name) => isModelFolder(join(path, name)))
    .map((name) => ({ model: join(path, name), epoch: Number(/\d+$/.exec(name)?.[0] ?? -1) }));
  const found = [...checkpoints, ...folders];
  return found.sort((a, b) => b.epoch - a.epoch || (a.model < b.model ? -1 : 1)).map(({ model }) => model);
}

function isModelFolder(path: string): boolean {
  return existsSync(join(path, 'model.json'));
}
