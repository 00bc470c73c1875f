import { readFileSync } from 'node:fs';

/** The version in package.json, which lies three folders above the compiled file (in dist/src) and two above the source. */
export function packageVersion(): string {
  const content: unknown = JSON.parse(readFileSync(new URL('package.json', packageFolder()), 'utf8'));
  if (typeof content !== 'object' || content === null || !('version' in content)) return 'unknown';
  return String(content.version);
}

/** The folder of the package as a URL that ends in a slash. */
export function packageFolder(): URL {
  return new URL(import.meta.url.includes('/dist/src/') ? '../../../' : '../../', import.meta.url);
}
