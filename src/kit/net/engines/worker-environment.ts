import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { tensorflowEnvironment } from './tensorflow-environment.ts';

/**
 * Variables that a process must be started with for its engine to run well: the allocator reads its own before any of
 * our code runs. Empty for engines that need nothing.
 */
export function workerEnvironment(identity: EngineIdentity, threads: number): Readonly<Record<string, string>> {
  if (identity.name !== 'tensorflow') return {};
  return {
    ...tensorflowEnvironment(identity, threads),
    // Buffers of activations come and go in every step: keep them in the heap instead of mapping fresh pages each time
    // (mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD).
    MALLOC_MMAP_THRESHOLD_: String(2 ** 32),
    MALLOC_TRIM_THRESHOLD_: String(2 ** 32),
  };
}
