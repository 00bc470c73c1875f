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
  const wasm = trainingEngine('wasm').identity;
  try {
    return [trainingEngine('tensorflow').identity, wasm];
  } catch (error) {
    // Not installed: the tests of it are left out, and their absence shows in the list of test names.
    if (error instanceof FailureError) return [wasm];
    throw error;
  }
}
