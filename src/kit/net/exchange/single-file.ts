import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Of a format that is one file: that file, where the path names it or a folder that holds it by its standard name. */
export function singleFileAt(
  path: string,
  { ending, standardName }: { readonly ending: string; readonly standardName: string },
): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return path.endsWith(ending) ? path : undefined;
  const within = join(path, standardName);
  return stat?.isDirectory() === true && statSync(within, { throwIfNoEntry: false }) !== undefined ? within : undefined;
}
