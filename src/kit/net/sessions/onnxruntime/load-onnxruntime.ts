import { createRequire } from 'node:module';
import type * as OnnxRuntime from 'onnxruntime-node';
import { fail } from '../../../../core/failure.ts';
import type { EngineIdentity } from '../../../../core/engine-identity.ts';
import { checkVersion } from '../../engines/check-version.ts';
import type { LoadOptions } from '../../backends/engine-handle.ts';

export type OnnxLibrary = typeof OnnxRuntime;

/** The library of onnxruntime, and how sessions are to be made with it. */
export interface OnnxEngine {
  readonly identity: EngineIdentity;
  readonly library: OnnxLibrary;
  readonly session: OnnxRuntime.InferenceSession.SessionOptions;
  /** The execution provider that computes every layer; sessions that would use another one besides are refused. */
  readonly provider: 'CPUExecutionProvider' | 'CUDAExecutionProvider';
  readonly threads: number;
}

/**
 * Loads onnxruntime. Where the version of `identity` ends in `-cuda` sessions compute on the GPU that the task was given
 * and nowhere else: without the setting onnxruntime moves layers, or everything, to the CPU and only warns.
 */
export function loadOnnxruntime(identity: EngineIdentity, { threads }: LoadOptions): OnnxEngine {
  const library = requireLibrary();
  const isCuda = identity.version.endsWith('-cuda');
  checkVersion(identity, `${library.env.versions.node ?? 'unknown'}-${isCuda ? 'cuda' : 'cpu'}`);
  return {
    identity,
    library,
    provider: isCuda ? 'CUDAExecutionProvider' : 'CPUExecutionProvider',
    threads,
    session: {
      executionProviders: [isCuda ? 'cuda' : 'cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // One block for a whole run lies beside what the allocator keeps: r50 takes 0.2 GiB less without, in the same time.
      enableMemPattern: false,
      logSeverityLevel: 3,
      extra: {
        session: {
          // A thread that waits by spinning takes the processor from those that decode, and from other tasks: with it a
          // verification on a busy machine took a third more processor time.
          intra_op: { allow_spinning: '0' },
          ...(isCuda ? { disable_cpu_ep_fallback: '1' } : {}),
        },
      },
    },
  };
}

function requireLibrary(): OnnxLibrary {
  const require = createRequire(import.meta.url);
  try {
    return require('onnxruntime-node') as OnnxLibrary;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    return fail(
      {
        code: 'engine-cannot-load',
        message: `the onnxruntime engine cannot be loaded: ${reason}`,
        hint: 'npm ci brings it; FLOW_ENGINE=tensorflow or wasm runs without it',
      },
      cause,
    );
  }
}
