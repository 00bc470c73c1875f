import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fail } from '../../../core/failure.ts';
import { filesOf } from './files-of.ts';
import type { ModelFormat } from './model-format.ts';

interface ModelPlace {
  readonly format: ModelFormat;
  readonly path: string;
}

/**
 * Looks before anything is read whether the model can be written where it is to go. Fails with `bad-target`: a folder
 * where a file is wanted or the other way round, and the files of the model that is read.
 */
export function checkTarget({ from, to }: { readonly from: ModelPlace; readonly to: ModelPlace }): void {
  checkFolder(dirname(to.path));
  const written = filesOf(to.format, to.path);
  for (const file of [to.path, ...written]) {
    // Where the folder itself is the model it may be there, even with a model to be replaced.
    if (file === to.path && to.format.standardName === '') continue;
    if (!isFolder(file)) continue;
    const found = `Expected the name of a file of the format "${to.format.name}" to be written, found a folder.`;
    const hint = `With a slash at its end the model goes into that folder, as ${to.format.standardName}.`;
    fail({ code: 'bad-target', message: found, at: { file }, ...(to.format.standardName === '' ? {} : { hint }) });
  }
  for (const file of written) checkFolder(dirname(file));
  const read = new Set(filesOf(from.format, from.path).map(realPath));
  const both = written.find((file) => read.has(realPath(file)));
  if (both === undefined) return;
  const message = 'Expected a place of its own for the model to be written, found the one that is read.';
  fail({ code: 'bad-target', message, at: { file: both }, hint: 'Give another name or folder.' });
}

/** What is missing on the way to the folder can be made unless a file is in the way. */
function checkFolder(folder: string): void {
  if (isFolder(folder)) return;
  if (!existsSync(folder)) {
    checkFolder(dirname(folder));
    return;
  }
  const message = 'Expected a folder to write to, found a file.';
  fail({ code: 'bad-target', message, at: { file: folder }, hint: 'Remove it, or write elsewhere.' });
}

/** Unlike `statSync`, `existsSync` says no as well below a file. */
function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function realPath(file: string): string {
  return existsSync(file) ? realpathSync(file) : resolve(file);
}
