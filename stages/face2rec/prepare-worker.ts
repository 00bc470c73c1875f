import { serveJobs } from '../../src/base/ordered-workers.ts';
import { preparePicture, type Preparation } from './prepare-picture.ts';

/**
 * A view of a larger buffer would be copied with all of it: the picture gets one of its own. It is copied on its way once more,
 * which for a few kilobytes costs half of handing the buffer over.
 */
async function prepare(...job: Parameters<typeof preparePicture>): Promise<Preparation> {
  const prepared = await preparePicture(...job);
  return prepared.outcome === 'ready' ? { ...prepared, bytes: Uint8Array.from(prepared.bytes) } : prepared;
}

/* A thread that aligns pictures. */
serveJobs(prepare);
