import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';

const require = createRequire(import.meta.url);

/** A number of the standard's binary interface; in OpenMPI, the address of a variable of the library. */
type Handle = number | bigint;

type HandleName = 'world' | 'float' | 'double' | 'byte' | 'sum' | 'max';

/** Handles of the standard's binary interface, which are the same in every library (MPI 5.0, appendix A, as in mpi_abi.h). */
const standardHandles = {
  world: 0x101,
  float: 0x210,
  double: 0x214,
  byte: 0x247,
  sum: 0x21,
  max: 0x23,
} as const satisfies Readonly<Record<HandleName, number>>;

/** The variables whose addresses are OpenMPI's handles (mpi.h of OpenMPI 4.1: `OMPI_PREDEFINED_GLOBAL`). */
const openMpiVariables = {
  world: 'ompi_mpi_comm_world',
  float: 'ompi_mpi_float',
  double: 'ompi_mpi_double',
  byte: 'ompi_mpi_byte',
  sum: 'ompi_mpi_op_sum',
  max: 'ompi_mpi_op_max',
} as const satisfies Readonly<Record<HandleName, string>>;

/**
 * UCX, by which MPICH and OpenMPI may talk, puts jumps into mmap, brk and other functions of the C library, to learn of memory that is
 * returned to the system, and tries them by moving the end of the heap up and down, while other threads of Node execute these functions and allocate.
 * A page of the heap is lost now and then, and the process with it. Without that it registers memory for each message where a network card needs
 * it (UCX, ucm/mmap/install.c). What is set outside stays.
 */
const withoutPatches = { UCX_MEM_EVENTS: 'n' } as const;

export type MpiLibrary = ReturnType<typeof openMpi>;

/** Functions of MPI and its handles; `path` is that of a libmpi_abi, or of OpenMPI's libmpi. Fails with `mpi-cannot-load`. */
export function openMpi(path: string) {
  for (const [name, value] of Object.entries(withoutPatches)) process.env[name] ??= value;
  try {
    const koffi = require('koffi') as typeof Koffi;
    // Plug-ins of OpenMPI look for the functions of the library among those of the process.
    const library = koffi.load(path, { global: true });
    const reduced = 'intptr_t source, void *values, int count, intptr_t type, intptr_t operation, intptr_t ranks';
    return {
      koffi,
      handles: handlesOf(library),
      init: library.func('int MPI_Init_thread(intptr_t, intptr_t, int required, _Out_ int *provided)'),
      rank: library.func('int MPI_Comm_rank(intptr_t ranks, _Out_ int *rank)'),
      size: library.func('int MPI_Comm_size(intptr_t ranks, _Out_ int *size)'),
      allReduce: library.func(`int MPI_Allreduce(${reduced})`),
      startAllReduce: library.func(`int MPI_Iallreduce(${reduced}, void *request)`),
      allGather: library.func(
        'int MPI_Allgather(void *sent, int, intptr_t, void *received, int, intptr_t, intptr_t ranks)',
      ),
      gatherRows: library.func(
        'int MPI_Gatherv(void *sent, int, intptr_t, void *received, void *counts, void *starts, intptr_t, int root, intptr_t ranks)',
      ),
      test: library.func('int MPI_Test(void *request, _Out_ int *isDone, intptr_t status)'),
      wait: library.func('int MPI_Wait(void *request, intptr_t status)'),
      barrier: library.func('int MPI_Barrier(intptr_t ranks)'),
      finalize: library.func('int MPI_Finalize()'),
    };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return fail(failures.mpiCannotLoad({ library: path, reason }), error);
  }
}

/** Throws where the library has neither interface. */
function handlesOf(library: Koffi.LibraryHandle): Readonly<Record<HandleName, Handle>> {
  if (has(library, 'MPI_Abi_get_version')) {
    const [major, minor] = [[0], [0]];
    library.func('int MPI_Abi_get_version(_Out_ int *major, _Out_ int *minor)')(major, minor);
    // MPICH's own libmpi.so has the function too, and says -1.
    if ((major[0] ?? 0) >= 1) return standardHandles;
  }
  if (has(library, openMpiVariables.world)) {
    const addresses = Object.entries(openMpiVariables).map(([name, symbol]) => [name, library.symbol(symbol)] as const);
    return Object.fromEntries(addresses) as Record<HandleName, bigint>;
  }
  throw new Error(
    'it has neither the standard interface of MPI 5, as a libmpi_abi.so that may be beside it, nor that of OpenMPI 4',
  );
}

function has(library: Koffi.LibraryHandle, symbol: string): boolean {
  try {
    library.symbol(symbol);
    return true;
  } catch {
    return false;
  }
}
