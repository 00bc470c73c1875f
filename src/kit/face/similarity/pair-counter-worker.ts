import { serveJobs } from '../../../core/worker-pool.ts';
import { stripRows } from './block-plan.ts';
import { type CountedPairs, type CountingTask, PairCounter, type Strip } from './pair-counter.ts';
import { openProducts, type ProductOptions, type Products } from './products.ts';

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
  // The engine does not take memory that threads share.
  const own = new Float32Array(stripRows * options.columns);
  let opened: Products | undefined;
  let begun: PairCounter | undefined;
  return async (job: CounterJob): Promise<CounterReply> => {
    opened ??= await openProducts(options);
    if (job.kind === 'open') return opened.computesWith;
    if (job.kind === 'begin') {
      await begun?.dispose();
      begun = new PairCounter(opened, job.task);
      return undefined;
    }
    if (job.kind === 'close') {
      await begun?.dispose();
      await opened.dispose();
      return undefined;
    }
    if (begun === undefined) throw new Error('there is no task to count for');
    if (job.kind === 'counts') return begun.counts();
    const { left, panel } = job.strip;
    const values = own.subarray(0, left.count * options.columns);
    values.set(left.values.subarray(0, values.length));
    await begun.add({ left: { ...left, values }, panel });
    return undefined;
  };
});
