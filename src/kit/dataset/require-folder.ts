import { statSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { findArchive } from '../codec/archive/archive-kind.ts';
import { failures } from './failures.ts';

/** Fails with `not-a-folder`, which says how an archive becomes one, if a file is bound where a folder of images has to be. */
export function requireNoFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  fail(failures.notAFolder({ archive: findArchive(path) }, { file: path }));
}
