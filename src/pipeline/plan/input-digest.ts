import { basename } from 'node:path';
import { canonicalJson, digestOf, type Digest } from '../../core/digest.ts';
import type { PathBinding } from '../experiment/experiment.ts';

/** The digest of an input from outside: of the file or folder, and of the files beside it that are read with it. */
export async function inputDigest(
  { path, companions }: Pick<PathBinding, 'path' | 'companions'>,
  digestPath: (path: string) => Digest | Promise<Digest>,
): Promise<Digest> {
  const own = await digestPath(path);
  if (companions.length === 0) return own;
  const parts: Record<string, Digest> = { '': own };
  for (const companion of companions) parts[basename(companion)] = await digestPath(companion);
  return digestOf(canonicalJson(parts));
}
