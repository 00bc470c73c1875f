import { fail } from '../../../core/failure.ts';
import { requireArithmetic } from '../engines/arithmetic.ts';
import { failures } from '../failures.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { loadCpu } from './cpu/load-cpu.ts';
import type { Backend, LoadOptions } from './backend.ts';
import { loadTensorflow } from './tensorflow/load-tensorflow.ts';
import { loadWasm } from './wasm/load-wasm.ts';
import { loadWebgpu } from './webgpu/load-webgpu.ts';

const loaders = {
  tensorflow: loadTensorflow,
  webgpu: loadWebgpu,
  wasm: loadWasm,
  cpu: loadCpu,
} satisfies Record<
  Exclude<EngineIdentity['name'], 'onnxruntime'>,
  (identity: EngineIdentity, options: LoadOptions) => Promise<Backend>
>;

/**
 * Loads the library of `identity` and makes its backend the current one. Fails with `engine-cannot-load`, with
 * `engine-changed` if it turns out to be another than the one named, since results must never come from a library their key
 * does not name, with `precision-not-computed` or `xla-not-compiled` if it has no such arithmetic, and with `engine-cannot-train` for onnxruntime, which runs whole networks only: see `openSession`.
 *
 * One process loads one backend; the instance of tfjs-core is the one its backend was registered with.
 */
export async function loadBackend(identity: EngineIdentity, options: LoadOptions): Promise<Backend> {
  const { name } = identity;
  if (name === 'onnxruntime') {
    fail(failures.noBackend({}));
  }
  requireArithmetic(options, identity);
  const backend = await loaders[name](identity, options);
  // Without it tfjs prints advice about other backends; its checks of shapes and types stay.
  backend.tf.enableProdMode();
  return backend;
}
