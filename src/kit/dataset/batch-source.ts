import { compiledModule } from '../../core/package-folder.ts';
import { WorkerPool } from '../../core/worker-pool.ts';
import { BatchFiller, type BatchJob, type BatchLayout, type BatchTarget } from './batch-filler.ts';
import type { LoaderJob, LoaderSetup } from './data-loader-worker.ts';

/** Fills slots with batches, in this thread or in others. */
export interface BatchSource {
  readonly slots: readonly BatchTarget[];
  fill(slot: number, job: BatchJob): Promise<void>;
  close(): Promise<void>;
}

export function openLocalSource(layout: BatchLayout, batch: number): BatchSource {
  const filler = new BatchFiller(layout);
  const slot = {
    images: new Uint8Array(batch * layout.height * layout.width * 3),
    labels: new Int32Array(batch),
  };
  return {
    slots: [slot],
    fill: (_slot, job) => filler.fill(job, slot),
    close() {
      filler.close();
      return Promise.resolve();
    },
  };
}

/** Threads that fill shared memory: two batches ahead per thread, and the one that is in use. */
export function openThreadedSource(layout: BatchLayout, batch: number, threads: number): BatchSource {
  const bytes = batch * layout.height * layout.width * 3;
  const slots = Array.from({ length: 2 * threads + 1 }, () => ({
    images: new Uint8Array(new SharedArrayBuffer(bytes)),
    labels: new Int32Array(new SharedArrayBuffer(batch * 4)),
  }));
  const pool = new WorkerPool<LoaderSetup, LoaderJob, undefined>({
    module: compiledModule('src/kit/dataset/data-loader-worker.ts'),
    threads,
    setup: { layout, slots },
  });
  return { slots, fill: (slot, job) => pool.run({ slot, ...job }), close: () => pool.close() };
}
