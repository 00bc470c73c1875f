import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { joinRanks } from '../../../../src/kit/net/ranks/mpi-communicator.ts';
import { printedFailure } from '../../dataset/tiny-faces.ts';
import { inRanks, mpiHere, openMpiHere } from './mpi.ts';

describe.each([
  ['MPICH', mpiHere()],
  ['OpenMPI 4', openMpiHere()],
])('ranks over %s', (_, mpi) => {
  const reason = typeof mpi === 'string' ? ` (not run: ${mpi})` : '';

  it.skipIf(typeof mpi === 'string').each([2, 3])(
    `exchange numbers in %s processes while memory is collected, and leave the C library as it is${reason}`,
    { timeout: 60_000 },
    async (ranks) => {
      const numbers = Array.from({ length: ranks }, (__, rank) => rank);
      expect(JSON.parse(await inRanks(ranks, 'communicator.mjs', { mpi }))).toEqual({
        // UCX would put jumps into these, and move the end of the heap to try them: a rank dies of it now and then.
        changed: [],
        wrong: 0,
        greatest: [ranks - 1, 0],
        gathered: numbers.flatMap((rank) => [rank, 7]),
        collected: numbers.flatMap((rank) => Array<number>(rank + 1).fill(rank)),
      });
    },
  );
});

describe('a library that is not one of MPI', () => {
  const hint =
    '  It has to be the libmpi_abi.so of an MPI with the standard interface of MPI 5, or the libmpi.so of OpenMPI 4. Unset FLOW_MPI_LIBRARY: MPICH is fetched then. The package koffi calls it: npm ci installs that.';

  it('is said to be missing', async () => {
    const printed = await printedFailure(() => joinRanks('/nowhere/libmpi_abi.so'));
    expect(printed.split('\n')[0]).toMatch(/^mpi-cannot-load: MPI cannot be loaded from \/nowhere\/libmpi_abi\.so: /);
    expect(printed.split('\n')[1]).toBe(hint);
  });

  const other = '/lib/x86_64-linux-gnu/libm.so.6';
  it.skipIf(!existsSync(other))('is said to have neither interface', async () => {
    expect(await printedFailure(() => joinRanks(other))).toBe(
      `mpi-cannot-load: MPI cannot be loaded from ${other}: it has neither the standard interface of MPI 5, as a libmpi_abi.so that may be beside it, nor that of OpenMPI 4\n${hint}`,
    );
  });
});
