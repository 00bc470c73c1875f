/** Numbers of all ranks that are added up while something else is computed. */
export interface PendingSum {
  /** Lets the exchange go on for a moment. */
  advance(): void;
  /** Hands over the sums once they are complete; they are the caller's until `take` returns. To be called once. */
  wait(take: (sums: Float32Array) => void): void;
}

/**
 * The processes that train one network together, as one of them sees them. Every rank makes the same calls in the same order; each
 * returns when the others have come to it. Where one of them has died, none returns: the launcher ends them all.
 */
export interface Communicator {
  /** From 0. */
  readonly rank: number;
  readonly size: number;
  /** In place, element by element; the same bytes on every rank. */
  sum(values: Float32Array | Float64Array): void;
  /** In place, element by element. */
  max(values: Float32Array): void;
  /** Adds up what all ranks have, here in `parts` that follow each other, while the caller goes on; they are copied. */
  startSum(parts: readonly Float32Array[]): PendingSum;
  /** Those of all ranks, which have as many, one after the other. */
  gather<Values extends Float32Array | Int32Array>(values: Values): Values;
  /** Those of all ranks on rank 0, one rank's after the other's, of any lengths; on the others their own. */
  collect(values: Float32Array): Float32Array;
  /** Returns once all ranks are here. */
  barrier(): void;
  /** Leaves the others in order. */
  close(): void;
}

/** A process by itself. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  sum: () => undefined,
  max: () => undefined,
  startSum: (parts) => ({
    advance: () => undefined,
    wait(take) {
      take(Float32Array.from(parts.flatMap((part) => [...part])));
    },
  }),
  gather: (values) => values,
  collect: (values) => values,
  barrier: () => undefined,
  close: () => undefined,
};

/** Rows of a batch of `batch` rows that are one rank's: as many as each other's. */
export interface Share {
  readonly first: number;
  readonly count: number;
}

/** Which of `count` things are one rank's; where they do not divide, the first ranks have one more. */
export function shareOf(count: number, { rank, size }: Pick<Communicator, 'rank' | 'size'>): Share {
  const [each, rest] = [Math.floor(count / size), count % size];
  return { first: rank * each + Math.min(rank, rest), count: each + (rank < rest ? 1 : 0) };
}
