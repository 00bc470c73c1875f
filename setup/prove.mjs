// Proves an engine in a process of its own: loads it, computes a product of matrices, and prints what
// computed it as one line of JSON. A library that cannot be opened may end the process; it must not end set-up.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import nodeUtil from 'node:util';

/** @typedef {{ binding: { TF_Version: string }, isUsingGpuDevice: boolean }} NodeBackend what this file uses of tfjs-node */

const require = createRequire(import.meta.url);

const loaders = {
  tensorflow: async () => {
    // Node 23 has dropped it; tfjs-node 4.22 calls it.
    Object.assign(nodeUtil, {
      isNullOrUndefined: (/** @type {unknown} */ value) => value === null || value === undefined,
    });
    require('@tensorflow/tfjs-node-gpu');
    const tf = require('@tensorflow/tfjs-core');
    await tf.setBackend('tensorflow');
    const { binding, isUsingGpuDevice } = /** @type {NodeBackend} */ (/** @type {unknown} */ (tf.backend()));
    return {
      version: `${binding.TF_Version}-${isUsingGpuDevice ? 'cuda' : 'cpu'}`,
      devices: isUsingGpuDevice ? ['gpu', 'cpu'] : ['cpu'],
    };
  },
  wasm: async () => {
    const tf = require('@tensorflow/tfjs-core');
    const backend = require('@tensorflow/tfjs-backend-wasm');
    backend.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'));
    await tf.setBackend('wasm');
    return { version: backend.version_wasm, devices: ['cpu'] };
  },
  webgpu: () => loadWebgpu(process.argv[3] ?? ''),
};

/** @param {string} folder where set-up has installed it */
async function loadWebgpu(folder) {
  const own = createRequire(join(folder, 'package.json'));
  const dawn = await import(pathToFileURL(join(folder, 'node_modules', 'webgpu', 'index.js')).href);
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('Error: Dawn finds no graphics processor');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  const tf = require('@tensorflow/tfjs-core');
  own('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  // Waits for what is under way: to end while the device still computes has ended in a SIGSEGV.
  const { device } = /** @type {{ device: { destroy(): void } }} */ (/** @type {unknown} */ (tf.backend()));
  process.once('exit', () => device.destroy());
  const [version, library] = ['@tensorflow/tfjs-backend-webgpu', 'webgpu'].map(
    (name) => own(`${name}/package.json`).version,
  );
  const { vendor, architecture, description } = adapter.info;
  return {
    version: `${version}-dawn-${library}`,
    devices: ['gpu'],
    device: description || `${vendor} ${architecture}`,
  };
}

const name = /** @type {keyof typeof loaders} */ (process.argv[2]);
const loaded = await loaders[name]();
const computed = await compute();
const { version, devices, device } = /** @type {{ version: string, devices: string[], device?: string }} */ (loaded);
console.log(JSON.stringify({ engine: { name, version }, devices, device, computed }));
// Dawn keeps a process alive.
process.exit(0);

/** A product whose result is known: 1*5 + 2*7, 1*6 + 2*8, ... */
async function compute() {
  const tf = require('@tensorflow/tfjs-core');
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const product = tf.matMul(a, tf.tensor2d([5, 6, 7, 8], [2, 2]));
  const values = [...(await product.data())].join(' ');
  if (values !== '19 22 43 50') throw new Error(`a matrix product came out wrong: ${values}`);
  return `[1 2; 3 4] x [5 6; 7 8] = [19 22; 43 50]`;
}
