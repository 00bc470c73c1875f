import { serveJobs } from '../../src/core/ordered-workers.ts';
import { ImagePreparer, type Preparation, type PreparationJob } from './prepare-image.ts';

const preparer = new ImagePreparer();

/**
 * The next image replaces the bytes of this one, and a view of a larger buffer would be sent with all of it: the image gets
 * bytes of its own. They are copied on their way once more, which for a few kilobytes costs half of handing the buffer over.
 */
async function prepare(job: PreparationJob): Promise<Preparation> {
  const prepared = await preparer.prepare(job);
  return prepared.outcome === 'ready' ? { ...prepared, bytes: Uint8Array.from(prepared.bytes) } : prepared;
}

/* A thread that aligns images. */
serveJobs(prepare);
