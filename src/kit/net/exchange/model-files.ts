import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { companionFiles } from '../../../core/companion-files.ts';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { ModelFormat } from './model-format.ts';

/** The files that a model at `path` consists of: those that the path means, there or not, and those beside them. */
export function filesOf(format: ModelFormat, path: string): readonly string[] {
  const named = format.filesAt(path);
  return [...new Set([...named, ...named.flatMap((file) => companionFiles(file, format.companions))])];
}

/** For a format that is one file: that file, if the path names it or a folder that holds it by its standard name. */
export function singleFileAt(
  path: string,
  { ending, standardName }: { readonly ending: string; readonly standardName: string },
): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return path.endsWith(ending) ? path : undefined;
  const within = join(path, standardName);
  return stat?.isDirectory() === true && statSync(within, { throwIfNoEntry: false }) !== undefined ? within : undefined;
}

interface ModelPlace {
  readonly format: ModelFormat;
  readonly path: string;
}

/**
 * Checks before anything is read whether the model can be written to its place. Fails with `bad-target`: a folder in the
 * place of a file or the other way round, and the files of the model that is read.
 */
export function checkTarget({ from, to }: { readonly from: ModelPlace; readonly to: ModelPlace }): void {
  checkFolder(dirname(to.path));
  const written = filesOf(to.format, to.path);
  for (const file of [to.path, ...written]) {
    // A folder that itself is the model may be there, even with a model to be replaced.
    if (file === to.path && to.format.standardName === '') continue;
    if (!isFolder(file)) continue;
    const { name, standardName } = to.format;
    fail(failures.targetIsFolder({ format: name, standardName }, { file }));
  }
  for (const file of written) checkFolder(dirname(file));
  const read = new Set(filesOf(from.format, from.path).map(realPath));
  const both = written.find((file) => read.has(realPath(file)));
  if (both !== undefined) fail(failures.targetIsSource({}, { file: both }));
}

/** What is missing on the way to the folder can be made unless a file is in the way. */
function checkFolder(folder: string): void {
  if (isFolder(folder)) return;
  if (!existsSync(folder)) {
    checkFolder(dirname(folder));
    return;
  }
  fail(failures.targetFolderIsFile({}, { file: folder }));
}

/** Unlike `statSync`, `existsSync` also answers no below a file. */
function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function realPath(file: string): string {
  return existsSync(file) ? realpathSync(file) : resolve(file);
}
