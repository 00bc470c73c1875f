import { posix } from 'node:path';

/** Whether a path that a file names stays in the folder of that file. */
export function isBeside(location: string): boolean {
  const plain = posix.normalize(location.replaceAll('\\', '/'));
  return !posix.isAbsolute(plain) && plain !== '..' && !plain.startsWith('../') && !/^[A-Za-z]:/.test(plain);
}
