import { serveJobs } from '../../../core/worker-pool.ts';
import { type CounterProducts, openCounterProducts } from './counter-products.ts';
import { type CountedPairs, type CountingTask, PairCounter, type Strip } from './pair-counter.ts';
import type { ProductOptions } from './products.ts';

/** What a thread that counts is asked. */
export type CounterJob =
  | { readonly kind: 'open' }
  | { readonly kind: 'begin'; readonly task: CountingTask }
  | { readonly kind: 'add'; readonly strip: Strip }
  | { readonly kind: 'counts' }
  | { readonly kind: 'close' };

/** To `open` what computes, to `counts` what was counted. */
export type CounterReply = string | CountedPairs | undefined;

serveJobs((options: ProductOptions) => {
  let opened: CounterProducts | undefined;
  let begun: PairCounter | undefined;
  return async (job: CounterJob): Promise<CounterReply> => {
    opened ??= await openCounterProducts(options);
    if (job.kind === 'open') return opened.computesWith;
    if (job.kind === 'begin') {
      await begun?.dispose();
      begun = new PairCounter(opened, job.task);
      return undefined;
    }
    if (job.kind === 'close') {
      await begun?.dispose();
      await opened.products.dispose();
      return undefined;
    }
    if (begun === undefined) throw new Error('there is no task to count for');
    if (job.kind === 'counts') return begun.counts();
    await begun.add(job.strip);
    return undefined;
  };
});
