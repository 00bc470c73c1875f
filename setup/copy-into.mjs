import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Copies under another name first: every reader of `target` sees the old file or the new one.
 *
 * @param {string} source
 * @param {string} target
 */
export function copyInto(source, target) {
  mkdirSync(dirname(target), { recursive: true });
  const temporary = `${target}.${String(process.pid)}.tmp`;
  copyFileSync(source, temporary);
  renameSync(temporary, target);
}
