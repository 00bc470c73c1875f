import { FailureError } from '../../../../src/core/failure.ts';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';

/** The plain CPU backend, which the others are compared with. */
export function referenceEngine(): Promise<Backend> {
  return loadBackend(trainingEngine('cpu').identity, { threads: 1 });
}

/** Identities of the engines on this machine that are to agree with the reference. */
export function otherEngines(): EngineIdentity[] {
  // What is not installed is left out, and its absence shows in the list of test names.
  return (['tensorflow', 'wasm', 'webgpu'] as const).flatMap((name) => {
    try {
      return [trainingEngine(name).identity];
    } catch (error) {
      if (error instanceof FailureError) return [];
      throw error;
    }
  });
}
