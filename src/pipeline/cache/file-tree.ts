import { createHash } from 'node:crypto';
import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { digestOf, type Digest } from '../../core/digest.ts';
import { errorCode, fail } from '../../core/failure.ts';
import { failures } from './failures.ts';

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

/** What tells whether a tree is still as it was, without a list of its files. */
export interface TreeSurvey {
  /** A short text that changes when any file of the tree is written, replaced, added, removed or renamed. */
  readonly signature: Digest;
  readonly bytes: number;
  /** From then on a further change shows in the times of the files: see {@link settledMs}. */
  readonly settledMs: number;
}

/** Lists a file or folder. A path that does not exist, and anything but files and folders in it, is a failure. */
export function listTree(root: string): FileTree {
  const files: FileStat[] = [];
  const emptyFolders: string[] = [];
  const type = walk(root, {
    file: (path, stat) => files.push(fileStat(path, stat)),
    emptyFolder: (path) => emptyFolders.push(path),
  });
  files.sort(byPath);
  emptyFolders.sort();
  return { root, type, files, emptyFolders, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

/** Text that is hashed at a time. */
const hashedCharacters = 1 << 14;

/** Looks at every file as {@link listTree} does, and keeps none: with ten thousand files the difference is felt. */
export function surveyTree(root: string): TreeSurvey {
  const hash = createHash('sha256');
  let text = '';
  let bytes = 0;
  let settled = 0;
  const type = walk(root, {
    file: (path, stat) => {
      text += `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs} ${path}\n`;
      bytes += stat.size;
      settled = Math.max(settled, settledMs(stat.mtimeMs, stat.ctimeMs));
      if (text.length < hashedCharacters) return;
      hash.update(text);
      text = '';
    },
    emptyFolder: (path) => {
      text += `empty ${path}\n`;
    },
  });
  return { signature: hash.update(`${text}${type}`).digest('hex') as Digest, bytes, settledMs: settled };
}

/**
 * When a file last changed, and the milliseconds within which two writes may get the same time: a kernel tick is up to
 * 10 ms, some file systems keep 2 s. What is read later than that is not changed later in silence.
 */
export function settledMs(modifiedMs: number, changedMs: number): number {
  const grain = modifiedMs % 1000 === 0 && changedMs % 1000 === 0 ? 2000 : 20;
  return Math.max(modifiedMs, changedMs) + grain;
}

interface Visitor {
  /** @param path relative to the root, with `/` between the parts; empty where the root is a file */
  file(path: string, stat: Stats): void;
  emptyFolder(path: string): void;
}

function walk(root: string, visitor: Visitor): FileTree['type'] {
  const stat = statOrFail(root);
  if (stat.isFile()) {
    visitor.file('', stat);
    return 'file';
  }
  if (!stat.isDirectory()) fail(failures.notAFile({ path: root }, { file: root }));
  walkFolder({ root, folder: '' }, visitor, [identity(stat)]);
  return 'folder';
}

function walkFolder({ root, folder }: FolderOfTree, visitor: Visitor, above: readonly string[]): void {
  const names = readdirSync(join(root, folder)).sort();
  if (names.length === 0 && folder !== '') visitor.emptyFolder(folder);
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    // Not join(), which takes half as long as to ask for the file.
    const absolute = `${root}/${path}`;
    const stat = statOrFail(absolute);
    if (stat.isFile()) visitor.file(path, stat);
    else if (!stat.isDirectory()) fail(failures.notAFile({ path: absolute }, { file: absolute }));
    else if (above.includes(identity(stat))) fail(failures.endlessFolder({ path: absolute }, { file: absolute }));
    else walkFolder({ root, folder: path }, visitor, [...above, identity(stat)]);
  }
}

/** As the signature of a {@link TreeSurvey}, but the same after the tree was copied with its times, linked or moved to another disk. */
export function portableSignature(tree: FileTree): Digest {
  const lines = tree.files.map((file) => `${file.bytes} ${Math.trunc(file.modifiedMs)} ${file.path}`);
  return digestOf([tree.type, ...tree.emptyFolders, '', ...lines].join('\n'));
}

/** Symbolic links below `root` (or `root` itself) that lead out of `boundary`, or nowhere. */
export function linksLeadingOut(root: string, boundary: string): string[] {
  return linksIn(root).filter((link) => !staysWithin(link, boundary));
}

/** Symbolic links below `root`, or `root` itself. */
function linksIn(root: string): string[] {
  const stat = lstatSync(root);
  if (stat.isSymbolicLink()) return [root];
  if (!stat.isDirectory()) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .flatMap((entry) => linksIn(join(root, entry.name)));
}

/** Makes the symbolic links below `root`, none of which leads out of `boundary`, lead to the same after `boundary` was moved. */
export function makeLinksPortable(root: string, boundary: string): void {
  for (const link of linksIn(root)) {
    const target = readlinkSync(link);
    const isPortable = !isAbsolute(target) && `${resolve(dirname(link), target)}/`.startsWith(`${resolve(boundary)}/`);
    if (isPortable) continue;
    const within = relative(realpathSync(dirname(link)), realpathSync(link));
    rmSync(link);
    symlinkSync(within, link);
  }
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

interface FolderOfTree {
  readonly root: string;
  /** Relative to the root; empty for the root itself. */
  readonly folder: string;
}

function statOrFail(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    return fail(failures.unreadablePath({ path, reason: reasonOf(error, path) }, { file: path }), error);
  }
}

function reasonOf(error: unknown, path: string): string {
  const code = errorCode(error);
  if (code === 'ENOENT' && path.includes('\ufffd')) {
    return 'its name is not UTF-8 (rename it: convmv -r -f latin1 -t utf8 --notest FOLDER)';
  }
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'no permission';
  if (code === 'ELOOP') return 'a symbolic link leads back to itself';
  return error instanceof Error ? error.message : String(error);
}

function identity(stat: Stats): string {
  return `${stat.dev}:${stat.ino}`;
}

function byPath(a: FileStat, b: FileStat): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** How a file's digest is obtained: by reading it, or from a record of an earlier reading. */
export type FileDigester = (path: string, stat: FileStat) => Promise<Digest> | Digest;

/**
 * The digest of a file is the SHA-256 of its bytes, as `sha256sum` prints it. That of a folder is the SHA-256 of a
 * text: one line per file with digest, bytes and path, one per empty folder, sorted by path. Times, owners,
 * permissions and whether a file is reached through a link do not count.
 */
export async function treeDigest(tree: FileTree, digestFile: FileDigester = readDigest): Promise<Digest> {
  const [single] = tree.files;
  if (tree.type === 'file' && single !== undefined) return digestFile(tree.root, single);
  const lines = ['faceflow-tree 1'];
  for (const folder of tree.emptyFolders) lines.push(`empty ${JSON.stringify(folder)}`);
  for (const file of tree.files) {
    const digest = await digestFile(join(tree.root, file.path), file);
    lines.push(`file ${digest} ${file.bytes} ${JSON.stringify(file.path)}`);
  }
  return digestOf(`${lines.join('\n')}\n`);
}

/** Bytes up to which a file is read in one go: a stream costs more than it saves. */
const smallBytes = 1 << 20;

/** Reads a file of any size and returns the SHA-256 of its bytes; large ones chunk by chunk, so that events go on. */
export function readDigest(path: string, stat: FileStat): Promise<Digest> | Digest {
  return stat.bytes <= smallBytes ? digestOf(readFileSync(path)) : streamDigest(path);
}

async function streamDigest(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(4 * smallBytes);
  const handle = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer);
      if (bytesRead === 0) return hash.digest('hex') as Digest;
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
