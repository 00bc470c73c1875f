import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineIdentity } from '../../../core/engine-identity.ts';

/** Where the driver of NVIDIA lists the graphics processors it has found. */
const nvidiaDevices = '/proc/driver/nvidia/gpus';

/**
 * onnxruntime as it is installed, told from its files alone: nothing is loaded. The version says the provider as well:
 * `1.30.0-cuda` where the library of the CUDA provider lies beside the binding and the driver knows a GPU, otherwise
 * `1.30.0-cpu`. A string says why it is not there.
 */
export function installedOnnxruntime(devices: string = nvidiaDevices): EngineIdentity | string {
  const found = packageOf('onnxruntime-node');
  if (found === undefined) return 'the package onnxruntime-node is not installed';
  const { folder, version } = found;
  const { platform, arch } = process;
  const binding = join(folder, 'bin', 'napi-v6', platform, arch, 'onnxruntime_binding.node');
  if (!existsSync(binding)) return `onnxruntime-node ${version} has no library for ${platform} ${arch}`;
  const hasProvider = existsSync(join(dirname(binding), 'libonnxruntime_providers_cuda.so'));
  const hasGpu = existsSync(devices) && readdirSync(devices).length > 0;
  return { name: 'onnxruntime', version: `${version}-${hasProvider && hasGpu ? 'cuda' : 'cpu'}` };
}

function packageOf(name: string): { readonly folder: string; readonly version: string } | undefined {
  const require = createRequire(import.meta.url);
  try {
    const file = require.resolve(`${name}/package.json`);
    const { version } = require(file) as { readonly version: string };
    return { folder: dirname(file), version };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
