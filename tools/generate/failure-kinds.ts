import { dirname } from 'node:path';
import { compiledModule } from '../../src/core/package-folder.ts';
import type { Failure, FailureMaker } from '../../src/core/failure.ts';
import { sourceFiles } from '../source-files.ts';

/** One kind of failure out of the catalogue of a folder. */
export interface KnownFailure {
  /** Folder of the catalogue: `src/pipeline/plan`, `stages/fetch`. */
  readonly folder: string;
  /** Name within the catalogue: `unknownTask`. */
  readonly name: string;
  readonly code: string;
  readonly meaning: string;
  /** The failure of the imagined case that the catalogue describes. */
  readonly example: Failure;
}

/** Every kind of failure there is, folder by folder: what documentation and tests are made of. */
export async function failureKinds(root: string): Promise<readonly KnownFailure[]> {
  const kinds = await Promise.all(sourceFiles(root, ['src', 'stages'], '/failures.ts').map(kindsIn));
  return kinds.flat();
}

async function kindsIn(file: string): Promise<KnownFailure[]> {
  const catalogues = Object.values((await import(compiledModule(file).href)) as Readonly<Record<string, unknown>>);
  const makers = catalogues.filter(isCatalogue).flatMap((makersOfFile) => Object.entries(makersOfFile));
  return makers.map(([name, maker]) => ({
    folder: dirname(file),
    name,
    code: maker.code,
    meaning: maker.kind.meaning,
    example: maker(maker.kind.example),
  }));
}

function isCatalogue(exported: unknown): exported is Readonly<Record<string, FailureMaker<unknown>>> {
  return (
    typeof exported === 'object' &&
    exported !== null &&
    Object.values(exported).every((maker) => typeof maker === 'function' && 'kind' in maker)
  );
}
