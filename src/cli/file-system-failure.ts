import { accessSync, constants, existsSync } from 'node:fs';
import { errorCode, type Failure } from '../core/failure.ts';
import { failures } from './failures.ts';

/** What prevents writing, by the code of the error. */
const obstacles: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system may only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'a part of the path is a file',
  SQLITE_READONLY: 'it may not be written',
  SQLITE_CANTOPEN: 'it cannot be opened',
  SQLITE_FULL: 'the disk is full',
};

function errnoText(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code === undefined) return undefined;
  // Of mkdir, which accepts a folder that exists.
  if (code === 'EEXIST' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir')
    return 'a file is in its place';
  // Of mkdir below a folder that exists, as /proc.
  if (code === 'ENOENT' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir')
    return 'its file system takes no folders there';
  // SQLite refines its codes: SQLITE_READONLY_DIRECTORY, SQLITE_CANTOPEN_ISDIR.
  return obstacles[code] ?? obstacles[code.split('_').slice(0, 2).join('_')];
}

/** Whether an error says that something cannot be written, or be opened to be written. */
export function isUnwritable(error: unknown): boolean {
  return errnoText(error) !== undefined;
}

/** Calls that only look. */
const readingCalls: readonly unknown[] = ['scandir', 'opendir', 'stat', 'lstat', 'realpath', 'readlink', 'read'];

/** Whether something is there that we may not read: what was opened, be it to be read or to be written, is not ours. */
function isUnreadable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.R_OK);
    return false;
  } catch {
    return true;
  }
}

/** An error of the file system that is not a defect of ours, as a failure; undefined for every other error. */
export function fileSystemFailure(error: unknown, workspace: string): Failure | undefined {
  const obstacle = errnoText(error);
  if (obstacle === undefined || !(error instanceof Error)) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : workspace;
  const call = 'syscall' in error ? error.syscall : undefined;
  if (readingCalls.includes(call) || (call === 'open' && isUnreadable(path))) {
    return failures.unreadablePlace({ path, obstacle, error: error.message }, { file: path });
  }
  return failures.unwritableFolder({ path, obstacle, error: error.message }, { file: path });
}
