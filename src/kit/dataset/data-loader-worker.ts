import { serveJobs } from '../../core/worker-pool.ts';
import { BatchFiller, type BatchJob, type BatchLayout, type BatchTarget } from './batch-filler.ts';

/** What a thread of the data loader is started with. */
export interface LoaderSetup {
  readonly layout: BatchLayout;
  /** In memory shared with the loader. */
  readonly slots: readonly BatchTarget[];
}

/** A batch to fill a slot with. */
export type LoaderJob = { readonly slot: number } & BatchJob;

serveJobs(({ layout, slots }: LoaderSetup) => {
  const filler = new BatchFiller(layout);
  return async ({ slot, ...job }: LoaderJob): Promise<undefined> => {
    const target = slots[slot];
    if (target === undefined) throw new Error(`there is no slot ${String(slot)}`);
    await filler.fill(job, target);
  };
});
