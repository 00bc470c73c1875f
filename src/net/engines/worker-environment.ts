import { delimiter } from 'node:path';
import type { EngineIdentity } from '../../base/stage.ts';
import { readEngineRecord } from './engine-record.ts';
import { tensorflowEnvironment } from './tensorflow/tensorflow-environment.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that a process must be started with for its engine to load and to run well: the loader of shared libraries
 * and the allocator read theirs before any of our code runs. To be laid over `inherited`, the environment the worker would
 * have otherwise; empty for engines that need nothing.
 */
export function workerEnvironment(identity: EngineIdentity, threads: number, inherited: Environment): Environment {
  if (identity.name !== 'tensorflow') return {};
  const libraryPath = [...(readEngineRecord()?.libraryPath ?? []), inherited['LD_LIBRARY_PATH'] ?? ''].filter(Boolean);
  return {
    ...tensorflowEnvironment(identity, threads),
    ...(libraryPath.length === 0 ? {} : { LD_LIBRARY_PATH: libraryPath.join(delimiter) }),
    // Buffers of activations come and go in every step: keep them in the heap instead of mapping fresh pages each time
    // (mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD).
    MALLOC_MMAP_THRESHOLD_: String(2 ** 32),
    MALLOC_TRIM_THRESHOLD_: String(2 ** 32),
  };
}
