import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { type Arithmetic, arithmeticVariables } from './arithmetic.ts';

/** Variables that TensorFlow and the libraries under it read when they are opened. Where and how fast they compute, and how they round. */
export function tensorflowEnvironment(
  identity: EngineIdentity,
  threads: number,
  arithmetic: Arithmetic = {},
): Readonly<Record<string, string>> {
  return {
    ...arithmeticVariables(arithmetic),
    // oneDNN's kernels are not chosen by default on every processor; measured 1.05 to 1.3 times faster in training.
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    // Errors only: the rest is about the machine, not about the run.
    TF_CPP_MIN_LOG_LEVEL: '2',
    // Otherwise the first task on a GPU takes all of its memory.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    ...(identity.version.endsWith('-cuda') ? {} : { CUDA_VISIBLE_DEVICES: '-1' }),
  };
}

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
