import { serveJobs } from '../../src/core/worker-pool.ts';
import { ImagePreparer, type Preparation, type PreparationJob } from './prepare-image.ts';

/*
 * A thread that aligns images. The next image replaces the bytes of this one, and a view of a larger buffer would be
 * sent with all of it: the image gets bytes of its own. They are copied once more on their way, which for a few
 * kilobytes costs half of handing the buffer over.
 */
serveJobs(() => {
  const preparer = new ImagePreparer();
  return async (job: PreparationJob): Promise<Preparation> => {
    const prepared = await preparer.prepare(job);
    return prepared.outcome === 'ready' ? { ...prepared, bytes: Uint8Array.from(prepared.bytes) } : prepared;
  };
});
