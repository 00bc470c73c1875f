import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Usearch from 'usearch';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';

/** The version that package.json of a folder asks for. */
export function usearchVersion(root: string): string {
  const content = readFileSync(join(root, 'package.json'), 'utf8');
  const { optionalDependencies } = JSON.parse(content) as { readonly optionalDependencies: { usearch: string } };
  return optionalDependencies.usearch;
}

/**
 * The library of the approximate index, loaded when it is asked for: it is an optional package with binaries for Linux and macOS.
 * `root` is the folder of this package. Fails with `index-library-missing` where it is not there, does not load, or is of another version.
 */
export function loadUsearch(root: string): typeof Usearch {
  const version = usearchVersion(root);
  const load = createRequire(join(root, 'package.json'));
  let problem;
  try {
    // javascript/dist/cjs/usearch.js; the package does not export its package.json.
    const folder = join(dirname(load.resolve('usearch')), '../../..');
    const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string };
    if (found.version === version) return load('usearch') as typeof Usearch;
    problem = `version ${found.version} is installed`;
  } catch (error) {
    problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return fail(failures.indexLibraryMissing({ version, problem }), error);
  }
  return fail(failures.indexLibraryMissing({ version, problem }));
}
