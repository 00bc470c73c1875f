import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { loadCpu } from './cpu/load-cpu.ts';
import type { Backend, LoadOptions } from './backend.ts';
import { loadTensorflow } from './tensorflow/load-tensorflow.ts';
import { loadWasm } from './wasm/load-wasm.ts';

const loaders = {
  tensorflow: loadTensorflow,
  wasm: loadWasm,
  cpu: loadCpu,
} satisfies Record<
  Exclude<EngineIdentity['name'], 'onnxruntime'>,
  (identity: EngineIdentity, options: LoadOptions) => Promise<Backend>
>;

/**
 * Loads the library of `identity` and makes its backend the current one. An engine that cannot be loaded, or that turns
 * out to be another than the one named, is a failure: results never come from a library their key does not name.
 *
 * onnxruntime runs whole networks only and has no tensors to hand out: see `loadEmbedder`.
 *
 * One process loads one engine; the instance of tfjs-core is the one its backend was registered with.
 */
export async function loadBackend(identity: EngineIdentity, options: LoadOptions): Promise<Backend> {
  const { name } = identity;
  if (name === 'onnxruntime') {
    fail({
      code: 'engine-cannot-train',
      message: 'the engine "onnxruntime" infers only, and what is to be computed needs an engine that trains',
      hint: 'FLOW_ENGINE may be tensorflow, cuda, wasm or cpu for it',
    });
  }
  const engine = await loaders[name](identity, options);
  // Without it tfjs prints advice about other backends; its checks of shapes and types stay.
  engine.tf.enableProdMode();
  return engine;
}
