import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageFolder } from '../src/core/package-folder.ts';

/** What starts ranks on this machine, and the library that they talk by. */
export interface Mpi {
  readonly library: string;
  readonly launcher: readonly [program: string, ...options: string[]];
}

/** The MPI that set-up finds or fetches. */
export function mpiHere(): Mpi {
  const setup = join(packageFolder(), 'setup', 'mpi.mjs');
  return JSON.parse(execFileSync(process.execPath, [setup], { encoding: 'utf8' })) as Mpi;
}

/** What each rank runs: see ranks-worker.ts. */
export const rankWorker = join(packageFolder(), 'dist', 'bench', 'ranks-worker.js');
