import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../base/failure.ts';

/* MXNet keeps a network as `<prefix>-symbol.json` and `<prefix>-<epoch>.params`, the epoch with four digits or more. */

const symbolEnding = '-symbol.json';
const parametersPattern = /-(\d{4,})\.params$/;

export interface CheckpointPaths {
  readonly symbol: string;
  readonly parameters: string;
  readonly epoch: number;
}

/** The prefix that a path means, and the epoch if it names one; undefined where there is no symbol. */
export function prefixOf(path: string): { readonly prefix: string; readonly epoch?: number } | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    const symbols = readdirSync(path).filter((name) => name.endsWith(symbolEnding));
    const [only, ...others] = symbols;
    if (only === undefined || others.length > 0) return undefined;
    return { prefix: join(path, only.slice(0, -symbolEnding.length)) };
  }
  const written = writtenPrefix(path);
  return existsSync(`${written.prefix}${symbolEnding}`) ? written : undefined;
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

/** The files of a checkpoint; of several epochs the last, unless one is asked for. Fails with `no-parameters`. */
export function findCheckpoint(prefix: string, epoch: number | undefined): CheckpointPaths {
  const name = basename(prefix);
  const epochs = readdirSync(dirname(prefix))
    .filter((file) => file.startsWith(`${name}-`) && parametersPattern.exec(file)?.index === name.length)
    .map((file) => Number(parametersPattern.exec(file)?.[1]))
    .sort((a, b) => a - b);
  const chosen = epoch ?? epochs.at(-1);
  if (chosen !== undefined && epochs.includes(chosen)) return pathsOf(prefix, chosen);
  const found = epochs.length === 0 ? 'no epoch' : `epochs ${epochs.join(', ')}`;
  const wanted = epoch === undefined ? 'of some epoch' : `of epoch ${epoch}`;
  fail({
    code: 'no-parameters',
    message: `Expected ${name}-NNNN.params ${wanted} beside ${name}${symbolEnding}, found ${found}.`,
    at: { file: `${prefix}${symbolEnding}` },
  });
}
