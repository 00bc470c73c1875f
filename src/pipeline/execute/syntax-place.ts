import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TextLocation } from '../../core/failure.ts';

/**
 * Where in its file, or in one that it imports, a module breaks the syntax or asks another for what that does not export.
 * An error that was caught does not tell; Node.js prints the place only of one that ends the process. Undefined if the
 * module loads this time, or ends otherwise.
 */
export function syntaxPlace(entry: string): TextLocation | undefined {
  const load = ['--input-type=module', '--eval', 'await import(process.argv[1])', pathToFileURL(entry).href];
  const { stderr } = spawnSync(process.execPath, load, { encoding: 'utf8', timeout: 30_000 });
  const [, url, line, sourceLine = '', caret = ''] = /^(file:.*):(\d+)\n(.*)\n( *\^+)\n/.exec(stderr) ?? [];
  if (url === undefined) return undefined;
  const file = fileURLToPath(url);
  // Node.js cuts long lines.
  const written = readFileSync(file, 'utf8').split('\n')[Number(line) - 1];
  const length = caret.trim().length;
  return { file, line: Number(line), column: caret.length - length + 1, length, sourceLine: written ?? sourceLine };
}
