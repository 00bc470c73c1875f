import { FailureError } from '../../../../src/core/failure.ts';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import type { EngineHandle } from '../../../../src/kit/net/backends/engine-handle.ts';
import { installedEngine } from '../../../../src/kit/net/engines/installed.ts';
import { loadEngine } from '../../../../src/kit/net/backends/load.ts';

/** The plain CPU backend, which the others are compared with. */
export function referenceEngine(): Promise<EngineHandle> {
  return loadEngine(installedEngine('cpu').identity, { threads: 1 });
}

/** Identities of the engines on this machine that are to agree with the reference. */
export function otherEngines(): EngineIdentity[] {
  const wasm = installedEngine('wasm').identity;
  try {
    return [installedEngine('tensorflow').identity, wasm];
  } catch (error) {
    // Not installed: the tests of it are left out, and their absence shows in the list of test names.
    if (error instanceof FailureError) return [wasm];
    throw error;
  }
}
