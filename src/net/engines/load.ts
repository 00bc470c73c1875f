import type { EngineIdentity } from '../../base/stage.ts';
import { loadCpu } from './cpu/load-cpu.ts';
import type { EngineHandle, LoadOptions } from './engine-handle.ts';
import { loadTensorflow } from './tensorflow/load-tensorflow.ts';
import { loadWasm } from './wasm/load-wasm.ts';

const loaders = {
  tensorflow: loadTensorflow,
  wasm: loadWasm,
  cpu: loadCpu,
} satisfies Record<EngineIdentity['name'], (identity: EngineIdentity, options: LoadOptions) => Promise<EngineHandle>>;

/**
 * Loads the library of `identity` and makes its backend the current one. An engine that cannot be loaded, or that turns
 * out to be another than the one named, is a failure: results never come from a library their key does not name.
 *
 * One process loads one engine; the instance of tfjs-core is the one its backend was registered with.
 */
export async function loadEngine(identity: EngineIdentity, options: LoadOptions): Promise<EngineHandle> {
  const engine = await loaders[identity.name](identity, options);
  // Without it tfjs prints advice about other backends; its checks of shapes and types stay.
  engine.tf.enableProdMode();
  return engine;
}
