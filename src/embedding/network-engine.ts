import { availableParallelism } from 'node:os';
import type { EngineIdentity } from '../core/engine-identity.ts';
import { type EngineChoice, type EngineOverride, inferenceEngine } from '../kit/net/engines/choose-engine.ts';

/** What computes: both networks, that of the detector and that of the embedder, are opened with these. */
export interface ComputingOptions {
  /** The tensor library; by default the fastest that is installed. */
  readonly engine?: EngineChoice | EngineOverride | undefined;
  /** How many processors may be kept busy; by default all. */
  readonly threads?: number | undefined;
}

/** Fails with `engine-not-installed` where the requested engine is not there. */
export function computingWith({ engine = 'auto', threads = availableParallelism() }: ComputingOptions): {
  readonly engine: EngineIdentity;
  readonly threads: number;
} {
  const { identity } = inferenceEngine({
    choice: 'auto',
    override: engine === 'auto' ? undefined : engine,
    stage: 'embedding',
  });
  return { engine: identity, threads: Math.max(1, Math.floor(threads)) };
}
