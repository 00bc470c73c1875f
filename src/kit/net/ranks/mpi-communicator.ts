import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Communicator, PendingSum } from './communicator.ts';

const require = createRequire(import.meta.url);

/** Handles of the standard's binary interface, which are the same in every library (MPI 5.0, appendix A, as in mpi_abi.h). */
const world = 0x101;
const types = { float: 0x210, double: 0x214, byte: 0x247 };
const operations = { sum: 0x21, max: 0x23 };
const inPlace = 1;
const ignoreStatus = 0;
const singleThread = 0;

/** Joins the ranks that were started together with this process. `library` is the path of a libmpi_abi. Fails with `mpi-cannot-load`. */
export function joinRanks(library: string): Communicator {
  return new MpiCommunicator(openMpi(library));
}

type Numbers = Float32Array | Float64Array | Int32Array;

type Mpi = ReturnType<typeof openMpi>;

function openMpi(path: string) {
  try {
    const koffi = require('koffi') as typeof Koffi;
    const library = koffi.load(path);
    const reduced = 'intptr_t source, void *values, int count, intptr_t type, intptr_t operation, intptr_t ranks';
    return {
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
    } satisfies Readonly<Record<string, (...values: never[]) => unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return fail(failures.mpiCannotLoad({ library: path, reason }), error);
  }
}

/** Errors end the process: the standard's default, and the launcher then ends the other ranks. */
class MpiCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #mpi: Mpi;

  constructor(mpi: Mpi) {
    this.#mpi = mpi;
    const result = [0];
    mpi.init(0, 0, singleThread, result);
    const read = (call: (ranks: number, target: number[]) => unknown): number => {
      call(world, result);
      return result[0] ?? 0;
    };
    this.rank = read(mpi.rank);
    this.size = read(mpi.size);
  }

  sum(values: Float32Array | Float64Array): void {
    const type = values instanceof Float64Array ? types.double : types.float;
    this.#mpi.allReduce(inPlace, values, values.length, type, operations.sum, world);
  }

  max(values: Float32Array): void {
    this.#mpi.allReduce(inPlace, values, values.length, types.float, operations.max, world);
  }

  startSum(values: Float32Array): PendingSum {
    const request = new BigUint64Array(1);
    this.#mpi.startAllReduce(inPlace, values, values.length, types.float, operations.sum, world, request);
    const isDone = [0];
    const held: unknown[] = [values];
    return {
      advance: () => {
        if (isDone[0] === 0) this.#mpi.test(request, isDone, ignoreStatus);
      },
      wait: () => {
        if (isDone[0] === 0) this.#mpi.wait(request, ignoreStatus);
        // MPI writes into them until here: they are not to be collected before.
        held.length = 0;
      },
    };
  }

  gather<Values extends Numbers>(values: Values): Values {
    const all = emptyLike(values, values.length * this.size);
    const bytes = values.byteLength;
    this.#mpi.allGather(values, bytes, types.byte, all, bytes, types.byte, world);
    return all;
  }

  collect(values: Float32Array): Float32Array {
    const counts = this.gather(Int32Array.of(values.length));
    const starts = counts.map((_, rank) => counts.subarray(0, rank).reduce((sum, count) => sum + count, 0));
    const all = new Float32Array(this.rank === 0 ? counts.reduce((sum, count) => sum + count, 0) : 0);
    this.#mpi.gatherRows(values, values.length, types.float, all, counts, starts, types.float, 0, world);
    return this.rank === 0 ? all : values;
  }

  barrier(): void {
    this.#mpi.barrier(world);
  }

  close(): void {
    this.#mpi.finalize();
  }
}

function emptyLike<Values extends Numbers>(values: Values, length: number): Values {
  const made = values instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
  return made as Values;
}
