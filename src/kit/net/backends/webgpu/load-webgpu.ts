import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../../../../core/failure.ts';
import type { EngineIdentity } from '../../../../core/engine-identity.ts';
import { checkVersion } from '../../engines/check-version.ts';
import { webgpuFolder, webgpuVersion } from '../../engines/choose-engine.ts';
import { failures } from '../../failures.ts';
import type { Backend, TensorLibrary } from '../backend.ts';
import { correctMatrixProducts } from './matrix-product.ts';

/** What this file uses of Dawn's binding (npm webgpu, index.js): the objects of the WebGPU standard for Node. */
interface Dawn {
  readonly globals: Readonly<Record<string, unknown>>;
  create(options: readonly string[]): {
    requestAdapter(): Promise<{
      readonly info: Readonly<Record<'vendor' | 'architecture' | 'device' | 'description', string>>;
    } | null>;
  };
}

/**
 * tfjs's WebGPU backend on Dawn: the graphics processor of any vendor, by Vulkan, Metal or Direct3D. Values are read
 * asynchronously only. Fails with `engine-cannot-load` where no graphics processor is found.
 */
export async function loadWebgpu(identity: EngineIdentity): Promise<Backend> {
  const folder = webgpuFolder();
  checkVersion(identity, webgpuVersion(folder) ?? 'none');
  const own = createRequire(join(folder, 'package.json'));
  const dawn = (await import(pathToFileURL(own.resolve('webgpu')).href)) as Dawn;
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) {
    const reason = 'Dawn finds no graphics processor';
    const remedy =
      'On Linux it needs the Vulkan loader (libvulkan1) and the driver; FLOW_ENGINE=webgpu npm run setup says more.';
    fail(failures.engineCannotLoad({ engine: 'webgpu', reason, remedy }));
  }
  // Where the backend looks for it.
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  const tf = createRequire(import.meta.url)('@tensorflow/tfjs-core') as TensorLibrary;
  own('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  correctMatrixProducts(tf);
  // Waits for what is under way, such as the last step's updates: to end while the device still computes has ended in a SIGSEGV.
  const { device } = tf.backend() as unknown as { readonly device: { destroy(): void } };
  process.once('exit', () => {
    device.destroy();
  });
  const { vendor, architecture, device: model, description } = adapter.info;
  const deviceName = description === '' ? `${vendor} ${architecture} ${model}`.trim() : description;
  return { identity, tf, device: 'gpu', deviceName, threads: 1 };
}
