import { lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type Digest } from '../base/digest.ts';
import { fail } from '../base/failure.ts';

/** What the file system says of a file without reading it. Times are milliseconds with fractions. */
export interface FileStat {
  /** Relative to the tree's root with `/` between the parts; empty where the tree is a single file. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  readonly device: number;
  readonly inode: number;
}

/** A file, or everything below a folder, in the order of the digest: sorted by path. Links are followed. */
export interface FileTree {
  readonly root: string;
  readonly type: 'file' | 'folder';
  readonly files: readonly FileStat[];
  /** Folders without any entry: they belong to the content too. */
  readonly emptyFolders: readonly string[];
  readonly bytes: number;
}

/** Lists a file or folder. A path that does not exist, and anything but files and folders in it, is a failure. */
export function listTree(root: string): FileTree {
  const stat = statOrFail(root);
  if (stat.isFile()) return { root, type: 'file', files: [fileStat('', stat)], emptyFolders: [], bytes: stat.size };
  if (!stat.isDirectory()) notContent(root);
  const files: FileStat[] = [];
  const emptyFolders: string[] = [];
  listFolder({ root, files, emptyFolders }, '', [identity(stat)]);
  files.sort(byPath);
  emptyFolders.sort();
  return { root, type: 'folder', files, emptyFolders, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

interface Listing {
  readonly root: string;
  readonly files: FileStat[];
  readonly emptyFolders: string[];
}

function listFolder(listing: Listing, folder: string, above: readonly string[]): void {
  const names = readdirSync(join(listing.root, folder));
  if (names.length === 0 && folder !== '') listing.emptyFolders.push(folder);
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const absolute = join(listing.root, path);
    const stat = statOrFail(absolute);
    if (stat.isFile()) listing.files.push(fileStat(path, stat));
    else if (!stat.isDirectory()) notContent(absolute);
    else if (above.includes(identity(stat))) endless(absolute);
    else listFolder(listing, path, [...above, identity(stat)]);
  }
}

/** A short text that changes when any file of the tree is written, replaced, added, removed or renamed. */
export function treeSignature(tree: FileTree): Digest {
  const lines = tree.files.map((file) =>
    [file.device, file.inode, file.bytes, file.modifiedMs, file.changedMs, file.path].join(' '),
  );
  return digestOf([tree.type, ...tree.emptyFolders, '', ...lines].join('\n'));
}

/** As {@link treeSignature}, but the same after the tree was copied with its times, linked or moved to another disk. */
export function portableSignature(tree: FileTree): Digest {
  const lines = tree.files.map((file) => `${file.bytes} ${Math.trunc(file.modifiedMs)} ${file.path}`);
  return digestOf([tree.type, ...tree.emptyFolders, '', ...lines].join('\n'));
}

/** Symbolic links below `root` (or `root` itself) that lead out of `boundary`, or nowhere. */
export function linksLeadingOut(root: string, boundary: string): string[] {
  const stat = lstatSync(root);
  if (stat.isSymbolicLink()) return staysWithin(root, boundary) ? [] : [root];
  if (!stat.isDirectory()) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .flatMap((entry) => linksLeadingOut(join(root, entry.name), boundary));
}

function staysWithin(link: string, boundary: string): boolean {
  try {
    return realpathSync(link).startsWith(`${realpathSync(boundary)}/`);
  } catch {
    return false;
  }
}

function fileStat(path: string, stat: Stats): FileStat {
  return {
    path,
    bytes: stat.size,
    modifiedMs: stat.mtimeMs,
    changedMs: stat.ctimeMs,
    device: stat.dev,
    inode: stat.ino,
  };
}

function statOrFail(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    return fail(
      { code: 'unreadable-path', message: `cannot read ${path}: ${reasonOf(error)}`, at: { file: path } },
      error,
    );
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'no permission';
  if (code === 'ELOOP') return 'a symbolic link leads back to itself';
  return error instanceof Error ? error.message : String(error);
}

function notContent(path: string): never {
  fail({
    code: 'not-a-file',
    message: `expected a file or a folder, found something else (a pipe, a socket or a device): ${path}`,
    at: { file: path },
  });
}

function endless(path: string): never {
  fail({
    code: 'endless-folder',
    message: `a symbolic link leads back to a folder above it: ${path}`,
    at: { file: path },
    hint: 'remove the link, or name a folder without it',
  });
}

function identity(stat: Stats): string {
  return `${stat.dev}:${stat.ino}`;
}

function byPath(a: FileStat, b: FileStat): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
