import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));

interface Mpi {
  readonly library: string;
  readonly launcher: readonly string[];
}

/** The MPI of this machine, which is fetched before; or why there is none. */
export function mpiHere(): Mpi | string {
  try {
    return JSON.parse(execFileSync(process.execPath, [`${repository}setup/mpi.mjs`], { encoding: 'utf8' })) as Mpi;
  } catch (error) {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    const { problem = String(error) } = output.startsWith('{') ? (JSON.parse(output) as { problem?: string }) : {};
    return problem;
  }
}

const debianLibrary = '/usr/lib/x86_64-linux-gnu/libmpi.so.40';

/** OpenMPI 4 as Debian installs it; or that it is not installed. */
export function openMpiHere(): Mpi | string {
  if (!existsSync(debianLibrary) || !existsSync('/usr/bin/mpiexec.openmpi')) {
    return 'there is no OpenMPI 4: apt-get install openmpi-bin';
  }
  return { library: debianLibrary, launcher: ['mpiexec.openmpi', '--allow-run-as-root', '--oversubscribe'] };
}

/** Starts a program of test/fixtures/ranks in so many processes; returns what it prints. */
export async function inRanks(
  ranks: number,
  program: string,
  { args = [], mpi = mpiHere() }: { readonly args?: readonly string[]; readonly mpi?: Mpi | string },
): Promise<string> {
  if (typeof mpi === 'string') throw new Error(mpi);
  const [launcher = '', ...options] = mpi.launcher;
  const script = `${repository}test/fixtures/ranks/${program}`;
  const command = [...options, '-n', String(ranks), process.execPath, script, mpi.library, ...args];
  const { stdout } = await promisify(execFile)(launcher, command);
  return stdout;
}
