import { execFile, execFileSync } from 'node:child_process';
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

/** Starts a program of test/fixtures/ranks in so many processes; returns what it prints. */
export async function inRanks(ranks: number, program: string, args: readonly string[]): Promise<string> {
  const mpi = mpiHere();
  if (typeof mpi === 'string') throw new Error(mpi);
  const [launcher = '', ...options] = mpi.launcher;
  const script = `${repository}test/fixtures/ranks/${program}`;
  const command = [...options, '-n', String(ranks), process.execPath, script, mpi.library, ...args];
  const { stdout } = await promisify(execFile)(launcher, command);
  return stdout;
}
