import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

let found: string | undefined;

/** The folder of this package, found upwards from this file: it is run as source, compiled and bundled, each at another depth. */
export function packageFolder(): string {
  found ??= folderAbove(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function folderAbove(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${start}`);
  }
}

/** The version in package.json. */
export function packageVersion(): string {
  const content: unknown = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'));
  if (typeof content !== 'object' || content === null || !('version' in content)) return 'unknown';
  return String(content.version);
}

/**
 * The address of a module as the build wrote it, for a process or a thread of its own: Node does not run TypeScript
 * there. `source` is its path in the package, `src/pipeline/execute/worker.ts`.
 */
export function compiledModule(source: string): URL {
  return pathToFileURL(join(packageFolder(), 'dist', source.replace(/\.ts$/, '.js')));
}
