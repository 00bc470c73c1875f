import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../../core/failure.ts';
import { failures } from '../../failures.ts';

/* MXNet keeps a network as `<prefix>-symbol.json` and `<prefix>-<epoch>.params`, the epoch with four digits or more. */

const symbolEnding = '-symbol.json';
const parametersPattern = /-(\d{4,})\.params$/;

/** Of the files that belong together, `*` for the digits of the epoch. */
export const fileEndings: readonly string[] = [symbolEnding, '-*.params'];

export interface CheckpointPaths {
  readonly symbol: string;
  readonly parameters: string;
  readonly epoch: number;
}

/** Whether a path means a checkpoint, or is a folder with one or more. */
export function hasSymbol(path: string): boolean {
  return isFolder(path) ? symbolsIn(path).length > 0 : existsSync(`${writtenPrefix(path).prefix}${symbolEnding}`);
}

/**
 * The prefix that a path means, and the epoch if it names one; undefined if there is no symbol. Fails with
 * `several-models` for a folder with several symbols.
 */
export function prefixOf(path: string): { readonly prefix: string; readonly epoch?: number } | undefined {
  if (isFolder(path)) {
    const only = onlyPrefix(path, symbolsIn(path));
    return only === undefined ? undefined : { prefix: join(path, only) };
  }
  const written = writtenPrefix(path);
  return existsSync(`${written.prefix}${symbolEnding}`) ? written : undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Prefixes of the symbols of a folder, without its path. */
function symbolsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(symbolEnding))
    .map((name) => name.slice(0, -symbolEnding.length))
    .sort();
}

/** Parameter files of a folder: by prefix, without its path, the epochs in rising order. */
function epochsIn(folder: string): ReadonlyMap<string, readonly number[]> {
  const epochs = new Map<string, number[]>();
  for (const name of readdirSync(folder)) {
    const match = parametersPattern.exec(name);
    if (match === null) continue;
    const prefix = name.slice(0, match.index);
    epochs.set(
      prefix,
      [...(epochs.get(prefix) ?? []), Number(match[1])].sort((a, b) => a - b),
    );
  }
  return epochs;
}

/**
 * The parameter files of the one network whose checkpoints are in a folder, newest first; empty without any. Fails with
 * `several-models` if they are of several networks.
 */
export function checkpointsIn(folder: string): CheckpointPaths[] {
  const epochs = epochsIn(folder);
  const only = onlyPrefix(folder, [...epochs.keys()].sort());
  if (only === undefined) return [];
  return (epochs.get(only) ?? []).map((epoch) => pathsOf(join(folder, only), epoch)).reverse();
}

function onlyPrefix(folder: string, [only, ...others]: readonly string[]): string | undefined {
  if (others.length === 0) return only;
  const file = join(folder, `${only ?? ''}${symbolEnding}`);
  fail(failures.severalModels({ prefixes: [only ?? '', ...others], file }, { file: folder }));
}

/** The prefix that a path to be written means: `a/model`, `a/model-symbol.json` and `a/model-0012.params` mean `a/model`. */
export function writtenPrefix(path: string): { readonly prefix: string; readonly epoch?: number } {
  if (path.endsWith(symbolEnding)) return { prefix: path.slice(0, -symbolEnding.length) };
  const match = parametersPattern.exec(path);
  if (match !== null) return { prefix: path.slice(0, match.index), epoch: Number(match[1]) };
  // As the programs of 2018 took it: `model,12`.
  const pair = /^(.*),(\d+)$/.exec(path);
  return pair === null ? { prefix: path } : { prefix: pair[1] ?? path, epoch: Number(pair[2]) };
}

export function pathsOf(prefix: string, epoch: number): CheckpointPaths {
  const parameters = `${prefix}-${String(epoch).padStart(4, '0')}.params`;
  return { symbol: `${prefix}${symbolEnding}`, parameters, epoch };
}

/** The files of a checkpoint; of several epochs the last, unless one is requested. Fails with `no-parameters`. */
export function findCheckpoint(prefix: string, epoch: number | undefined): CheckpointPaths {
  const name = basename(prefix);
  const epochs = epochsIn(dirname(prefix)).get(name) ?? [];
  const chosen = epoch ?? epochs.at(-1);
  if (chosen !== undefined && epochs.includes(chosen)) return pathsOf(prefix, chosen);
  fail(failures.noParameters({ name, epoch, epochs }, { file: `${prefix}${symbolEnding}` }));
}
