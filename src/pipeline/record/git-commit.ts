import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readIfThere } from '../../core/process-facts.ts';

/**
 * The commit that is checked out in the repository a folder lies in; null where there is none. Reads the files of git
 * (gitrepository-layout(5)) instead of starting it, which would cost a run that has nothing to do more than all else.
 */
export function gitCommit(folder: string): string | null {
  const repository = findRepository(folder);
  if (repository === undefined) return null;
  const head = readIfThere(join(repository, 'HEAD'));
  const reference = /^ref: (.+)$/.exec(head)?.[1];
  if (reference === undefined) return asCommit(head);
  // A work tree of its own shares its references with the main repository.
  const common = resolve(repository, readIfThere(join(repository, 'commondir')) || '.');
  return asCommit(readIfThere(join(common, reference))) ?? packedCommit(common, reference);
}

function findRepository(folder: string): string | undefined {
  for (let each = resolve(folder); ; each = dirname(each)) {
    const candidate = join(each, '.git');
    const stat = statSync(candidate, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) return candidate;
    if (stat?.isFile() === true) return resolve(each, readIfThere(candidate).replace(/^gitdir: /, ''));
    if (each === dirname(each)) return undefined;
  }
}

function packedCommit(repository: string, reference: string): string | null {
  const line = readIfThere(join(repository, 'packed-refs'))
    .split('\n')
    .find((each) => each.endsWith(` ${reference}`));
  return line === undefined ? null : asCommit(line.split(' ')[0] ?? '');
}

function asCommit(text: string): string | null {
  return /^[0-9a-f]{40,64}$/.test(text) ? text : null;
}
