import { FailureError } from '../../../../src/core/failure.ts';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { missingDevice, openDevice } from './graphics-processor.ts';

/** The plain CPU backend, which the others are compared with. */
export function referenceEngine(): Promise<Backend> {
  return loadBackend(trainingEngine('cpu').identity, { threads: 1 });
}

/** Identities of the engines on this machine's processors that are to agree with the reference. */
export function otherEngines(): EngineIdentity[] {
  return installed(['tensorflow', 'wasm']);
}

/**
 * With the one on a graphics processor, of which SwiftShader will do, where set-up has installed it (`FLOW_ENGINE=webgpu npm run setup`): for
 * what has to be computed everywhere. There each kind of kernel takes seconds until its program is translated.
 */
export function everyEngine(): EngineIdentity[] {
  const [webgpu] = installed(['webgpu']);
  if (webgpu === undefined) return otherEngines();
  // Otherwise it is on the one that set-up has proved.
  if (missingDevice === undefined) openDevice();
  return [...otherEngines(), webgpu];
}

function installed(names: readonly ('tensorflow' | 'wasm' | 'webgpu')[]): EngineIdentity[] {
  // What is not installed is left out, and its absence shows in the list of test names.
  return names.flatMap((name) => {
    try {
      return [trainingEngine(name).identity];
    } catch (error) {
      if (error instanceof FailureError) return [];
      throw error;
    }
  });
}
