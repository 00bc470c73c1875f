import { parentPort, workerData } from 'node:worker_threads';
import { FailureError, type Failure } from '../../core/failure.ts';
import { BatchFiller, type BatchJob, type BatchLayout } from './batch-filler.ts';

/*
 * A thread of the training reader. It fills slots of shared memory, one batch at a time, and says when each is full.
 */

/** What a thread is started with. */
export interface TrainingWorkerData {
  readonly layout: BatchLayout;
  /** One per slot, shared with the reader. */
  readonly images: readonly SharedArrayBuffer[];
  readonly labels: readonly SharedArrayBuffer[];
  /** One int32; not 0: batches still in the queue need not be filled any more. */
  readonly stop: SharedArrayBuffer;
}

/** A batch to fill, or the wish that the thread ends. */
export type TrainingWorkerRequest =
  ({ readonly type: 'fill'; readonly slot: number } & BatchJob) | { readonly type: 'end' };

export type TrainingWorkerReply =
  | { readonly slot: number; readonly outcome: 'filled' }
  | { readonly slot: number; readonly outcome: 'failed'; readonly failures: readonly [Failure, ...Failure[]] }
  | { readonly slot: number; readonly outcome: 'crashed'; readonly error: unknown };

if (parentPort !== null) serve(parentPort, workerData as TrainingWorkerData);

function serve(port: NonNullable<typeof parentPort>, data: TrainingWorkerData): void {
  const filler = new BatchFiller(data.layout);
  const targets = data.images.map((images, slot) => ({
    images: new Uint8Array(images),
    labels: new Int32Array(data.labels[slot] ?? new SharedArrayBuffer(0)),
  }));
  const stop = new Int32Array(data.stop);
  // One after the other: the filler has one read buffer.
  let queue = Promise.resolve();
  port.on('message', (request: TrainingWorkerRequest) => {
    queue = queue.then(async () => {
      if (request.type === 'fill') port.postMessage(await answer(request.slot, request));
      else port.close();
    });
  });

  async function answer(slot: number, request: BatchJob): Promise<TrainingWorkerReply> {
    const target = targets[slot];
    try {
      if (Atomics.load(stop, 0) !== 0) return { slot, outcome: 'filled' };
      if (target === undefined) throw new Error(`there is no slot ${String(slot)}`);
      await filler.fill(request, target);
      return { slot, outcome: 'filled' };
    } catch (error) {
      if (error instanceof FailureError) return { slot, outcome: 'failed', failures: error.failures };
      return { slot, outcome: 'crashed', error };
    }
  }
}
