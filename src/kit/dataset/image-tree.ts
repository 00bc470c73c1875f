import { isImageName, sortedEntries } from './image-folder.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { failures } from './failures.ts';
import { requireNoFile } from './require-folder.ts';

/** What {@link imageTree} does with a file: an image, something else that is named at the end, or nothing to speak of. */
export type FileRole = 'image' | 'stray' | 'known';

export interface TreeOptions {
  /** What a file is; by default an image if its ending is one of an image, and stray otherwise. */
  readonly roleOf?: (path: string) => FileRole;
  /** Is notified of every stray file, by its path in the folder. */
  readonly onStray?: (path: string) => void;
}

/**
 * The images below a folder at any depth, as paths within it with `/`: the files of a folder first, then its folders, both
 * sorted by name (code units). Hidden files are passed over. Fails with `missing-folder`.
 */
export function* imageTree(folder: string, options: TreeOptions = {}): Generator<string> {
  if (!existsSync(folder)) fail(failures.missingFolder({}, { file: folder }));
  requireNoFile(folder);
  yield* imagesIn(folder, '', options);
}

function* imagesIn(root: string, within: string, options: TreeOptions): Generator<string> {
  const { roleOf = usualRole, onStray } = options;
  const entries = sortedEntries(join(root, within));
  for (const { name, isFolder } of entries) {
    if (isFolder) continue;
    const path = within + name;
    const role = roleOf(path);
    if (role === 'image') yield path;
    else if (role === 'stray') onStray?.(path);
  }
  for (const { name, isFolder } of entries) if (isFolder) yield* imagesIn(root, `${within}${name}/`, options);
}

function usualRole(path: string): FileRole {
  return isImageName(path) ? 'image' : 'stray';
}
