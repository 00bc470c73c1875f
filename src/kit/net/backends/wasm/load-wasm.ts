import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineIdentity } from '../../../../core/engine-identity.ts';
import { checkVersion } from '../../engines/check-version.ts';
import type { Backend, TensorLibrary } from '../backend.ts';
import { registerFastKernels } from './fast-kernels.ts';
import { registerGradientKernels } from './gradient-kernels.ts';

interface WasmBackend {
  readonly version_wasm: string;
  setWasmPaths(folder: string): void;
}

/**
 * The WebAssembly backend (SIMD; tfjs has no threads for it under Node, tensorflow/tfjs issue 3830), with the gradient
 * kernels it lacks added.
 */
export async function loadWasm(identity: EngineIdentity): Promise<Backend> {
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core') as TensorLibrary;
  const backend = require('@tensorflow/tfjs-backend-wasm') as WasmBackend;
  checkVersion(identity, backend.version_wasm);
  backend.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  await withoutNewListeners(() => tf.setBackend('wasm'));
  registerGradientKernels(tf);
  registerFastKernels(tf);
  return { identity, tf, device: 'cpu', threads: 1 };
}

/** The module that Emscripten made handles uncaught errors of the whole process; that is not its business. */
async function withoutNewListeners(load: () => Promise<unknown>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = new Set(events.flatMap((event) => process.rawListeners(event)));
  await load();
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.has(listener)) process.removeListener(event, listener as () => void);
    }
  }
}
