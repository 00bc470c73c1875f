import { createRequire } from 'node:module';
import type * as OnnxruntimeLibrary from 'onnxruntime-node';
import { fail } from '../../../../core/failure.ts';
import type { EngineIdentity } from '../../../../core/engine-identity.ts';
import { checkVersion } from '../../engines/check-version.ts';
import { installedOnnxruntime, onProvider, type OnnxruntimeProvider, providerOf } from '../../engines/choose-engine.ts';
import { failures } from '../../failures.ts';

/** The names that onnxruntime has for them. */
const providers = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
} as const satisfies Readonly<Record<OnnxruntimeProvider, string>>;

/** The library of onnxruntime, and how sessions are made with it. */
export interface Onnxruntime {
  readonly identity: EngineIdentity;
  readonly library: typeof OnnxruntimeLibrary;
  readonly session: OnnxruntimeLibrary.InferenceSession.SessionOptions;
  /** The execution provider that computes every layer; sessions that would use another one besides are refused. */
  readonly provider: (typeof providers)[OnnxruntimeProvider];
  readonly threads: number;
}

/**
 * Loads onnxruntime. If the version of `identity` ends in `-cuda` or `-webgpu`, sessions compute on the GPU that the task was given
 * and nowhere else: without the setting onnxruntime moves layers, or everything, to the CPU and only warns. Fails with
 * `engine-cannot-load`, `engine-changed`.
 */
export function loadOnnxruntime(identity: EngineIdentity, { threads }: { readonly threads: number }): Onnxruntime {
  const library = requireLibrary();
  const device = providerOf(identity);
  checkVersion(identity, `${library.env.versions.node ?? 'unknown'}-${device}`);
  return {
    identity,
    library,
    provider: providers[device],
    threads,
    session: {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // With it a block for a whole run is held beside what the allocator keeps: r50 takes 0.2 GiB less without, in the
      // same time.
      enableMemPattern: false,
      logSeverityLevel: 3,
      extra: {
        session: {
          // A thread that waits by spinning takes the processor from those that decode, and from other tasks: with it a
          // verification on a busy machine took a third more processor time.
          intra_op: { allow_spinning: '0' },
          ...(device === 'cpu' ? {} : { disable_cpu_ep_fallback: '1' }),
        },
      },
    },
  };
}

function requireLibrary(): typeof OnnxruntimeLibrary {
  const require = createRequire(import.meta.url);
  try {
    return require('onnxruntime-node') as typeof OnnxruntimeLibrary;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    const remedy = 'Run npm ci, which installs it; FLOW_ENGINE=tensorflow or wasm runs without it.';
    return fail(failures.engineCannotLoad({ engine: 'onnxruntime', reason, remedy }), cause);
  }
}

/** How to load onnxruntime for the CPU where it is installed, otherwise the reason why it is not available. */
export type OnnxruntimeOnCpu =
  | { readonly available: true; readonly load: () => Onnxruntime }
  | { readonly available: false; readonly reason: string };

/** For the CPU, whatever devices onnxruntime is installed for. */
export function onnxruntimeOnCpu(threads: number): OnnxruntimeOnCpu {
  const installation = installedOnnxruntime();
  if (!installation.installed) return { available: false, reason: installation.reason };
  const identity = onProvider(installation.identity, 'cpu');
  return { available: true, load: () => loadOnnxruntime(identity, { threads }) };
}
