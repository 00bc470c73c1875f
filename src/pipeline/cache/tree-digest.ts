import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, type Digest } from '../../core/digest.ts';
import type { FileStat, FileTree } from './file-tree.ts';

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
