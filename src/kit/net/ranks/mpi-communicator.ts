import type { Communicator, PendingSum } from './communicator.ts';
import { type MpiLibrary, openMpi } from './mpi-library.ts';

/** The same in the standard's interface and in OpenMPI's. */
const inPlace = 1;
const ignoreStatus = 0;
const singleThread = 0;

/**
 * Joins the ranks that were started together with this process. `library` is the path of a libmpi_abi, or of OpenMPI's libmpi. Fails
 * with `mpi-cannot-load`.
 */
export function joinRanks(library: string): Communicator {
  return new MpiCommunicator(openMpi(library));
}

type Numbers = Float32Array | Float64Array | Int32Array;

/** Memory that V8 knows of and does not own: it is neither moved nor freed while MPI reads and writes it. */
interface PinnedMemory {
  readonly address: bigint;
  readonly values: Float32Array;
  /** A pointer's size, for the handle of what is under way. */
  readonly request: bigint;
}

/** Errors end the process: the standard's default, and the launcher then ends the other ranks. */
class MpiCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #mpi: MpiLibrary;
  /** Nothing is under way in these. */
  readonly #free: PinnedMemory[] = [];

  constructor(mpi: MpiLibrary) {
    this.#mpi = mpi;
    const result = [0];
    mpi.init(0, 0, singleThread, result);
    const read = (call: MpiLibrary['rank']): number => {
      call(mpi.handles.world, result);
      return result[0] ?? 0;
    };
    this.rank = read(mpi.rank);
    this.size = read(mpi.size);
  }

  sum(values: Float32Array | Float64Array): void {
    const { float, double, sum, world } = this.#mpi.handles;
    const type = values instanceof Float64Array ? double : float;
    this.#mpi.allReduce(inPlace, values, values.length, type, sum, world);
  }

  max(values: Float32Array): void {
    const { float, max, world } = this.#mpi.handles;
    this.#mpi.allReduce(inPlace, values, values.length, float, max, world);
  }

  startSum(parts: readonly Float32Array[]): PendingSum {
    const mpi = this.#mpi;
    const { float, sum, world } = mpi.handles;
    const count = parts.reduce((total, { length }) => total + length, 0);
    const memory = this.#pinned(count);
    let start = 0;
    for (const part of parts) {
      memory.values.set(part, start);
      start += part.length;
    }
    mpi.startAllReduce(inPlace, memory.address, count, float, sum, world, memory.request);
    const isDone = [0];
    return {
      advance: () => {
        if (isDone[0] === 0) mpi.test(memory.request, isDone, ignoreStatus);
      },
      wait: (take) => {
        if (isDone[0] === 0) mpi.wait(memory.request, ignoreStatus);
        take(memory.values.subarray(0, count));
        this.#free.push(memory);
      },
    };
  }

  /** Room for so many values, and not for many more: of the memory that is free, or new. */
  #pinned(count: number): PinnedMemory {
    const fitting = this.#free.findIndex(({ values }) => values.length >= count && values.length <= 2 * count);
    const [known] = fitting === -1 ? [] : this.#free.splice(fitting, 1);
    if (known !== undefined) return known;
    const { koffi } = this.#mpi;
    const address = koffi.alloc('float', count) as bigint;
    const values = new Float32Array(koffi.view(address, count * Float32Array.BYTES_PER_ELEMENT));
    return { address, values, request: koffi.alloc('intptr_t', 1) as bigint };
  }

  gather<Values extends Float32Array | Int32Array>(values: Values): Values {
    const { byte, world } = this.#mpi.handles;
    const all = emptyLike(values, values.length * this.size);
    const bytes = values.byteLength;
    this.#mpi.allGather(values, bytes, byte, all, bytes, byte, world);
    return all;
  }

  collect(values: Float32Array): Float32Array {
    const { float, world } = this.#mpi.handles;
    const counts = this.gather(Int32Array.of(values.length));
    const starts = counts.map((_, rank) => counts.subarray(0, rank).reduce((sum, count) => sum + count, 0));
    const all = new Float32Array(this.rank === 0 ? counts.reduce((sum, count) => sum + count, 0) : 0);
    this.#mpi.gatherRows(values, values.length, float, all, counts, starts, float, 0, world);
    return this.rank === 0 ? all : values;
  }

  barrier(): void {
    this.#mpi.barrier(this.#mpi.handles.world);
  }

  close(): void {
    this.#mpi.finalize();
  }
}

function emptyLike<Values extends Numbers>(values: Values, length: number): Values {
  const made = values instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
  return made as Values;
}
