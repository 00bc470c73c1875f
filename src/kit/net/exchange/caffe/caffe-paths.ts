import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/* Caffe keeps a network as `<name>.prototxt` and `<name>.caffemodel`. */

const structureEnding = '.prototxt';
const weightsEnding = '.caffemodel';

/** Of the files that belong together. */
export const fileEndings: readonly string[] = [structureEnding, weightsEnding];

export interface CaffePaths {
  readonly structure: string;
  readonly weights: string;
}

/** The files that a path to be written means, whichever of them it names. */
export function pathsOf(path: string): CaffePaths {
  const ending = fileEndings.find((known) => path.endsWith(known)) ?? '';
  const stem = path.slice(0, path.length - ending.length);
  return { structure: `${stem}${structureEnding}`, weights: `${stem}${weightsEnding}` };
}

/**
 * The weights at a path (one of the files, or a folder with one pair of them) and the structure beside them, which may
 * be missing: the weights' own copy of it has to do then. Undefined where there are no weights.
 */
export function findPaths(
  path: string,
): { readonly structure: string | undefined; readonly weights: string } | undefined {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const weights = isFolder ? onlyFile(path, weightsEnding) : pathsOf(path).weights;
  if (weights === undefined || !existsSync(weights) || !(isFolder || hasEnding(path))) return undefined;
  const { structure } = pathsOf(weights);
  if (existsSync(structure)) return { structure, weights };
  // Published as deploy.prototxt and name_iter_1000.caffemodel.
  return { structure: isFolder ? onlyFile(path, structureEnding) : undefined, weights };
}

function hasEnding(path: string): boolean {
  return fileEndings.some((ending) => path.endsWith(ending));
}

function onlyFile(folder: string, ending: string): string | undefined {
  const [only, ...others] = readdirSync(folder).filter((name) => name.endsWith(ending));
  return only === undefined || others.length > 0 ? undefined : join(folder, only);
}
