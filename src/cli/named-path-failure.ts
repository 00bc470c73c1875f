import { existsSync, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { errorCode, type Failure } from '../core/failure.ts';
import { failures } from './failures.ts';

/** What is wrong with a path, by the code of the error. */
const problems: Readonly<Record<string, string>> = {
  ENOENT: 'nothing is there',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'something is there already',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'a name in it is too long',
  ENXIO: 'it is no file',
  EINVAL: 'it is no file that can be read',
  ESPIPE: 'it is no file that can be read at any place',
};

/**
 * An error of the file system over a path that was typed in the call, or over one below it or beside it (`FILE.index`), as a
 * failure: its user can correct it. Undefined for every other error.
 */
export function namedPathFailure(error: unknown, argv: readonly string[], workingFolder: string): Failure | undefined {
  const code = errorCode(error);
  const obstacle = code === undefined ? undefined : problems[code];
  if (obstacle === undefined || !(error instanceof Error)) return undefined;
  const named = argv.flatMap((word) => {
    const value = word.startsWith('-') ? /^--[^=]+=(?<value>.+)$/.exec(word)?.groups?.['value'] : word;
    return value === undefined ? [] : [resolve(workingFolder, value)];
  });
  const own = 'path' in error && typeof error.path === 'string' ? resolve(workingFolder, error.path) : undefined;
  // Reading a folder as a file fails without its path.
  const path =
    own === undefined
      ? named.find((each) => code === 'EISDIR' && existsSync(each) && statSync(each).isDirectory())
      : named.some((each) => own === each || own.startsWith(`${each}${sep}`) || own.startsWith(`${each}.`))
        ? own
        : undefined;
  if (path === undefined) return undefined;
  return failures.unreadablePlace({ path, obstacle, error: error.message }, { file: path });
}
