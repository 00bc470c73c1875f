import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { recordFolder } from './engine-record.mjs';
import { installLocked } from './install-locked.mjs';
import { proveEngine } from './prove-engine.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Installs the engine webgpu, where FLOW_ENGINE asks for it, and computes with it. Its libraries have 130 MB for all
 * systems together, so that they are no dependency of the package: only those of this system stay.
 *
 * @param {string} root folder of this package
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<import('./prove-engine.mjs').Proof>}
 */
export async function ensureWebgpu(root, environment) {
  const folder = join(recordFolder(root), 'webgpu');
  await installLocked({ source: join(root, 'setup', 'webgpu'), folder, proof: 'webgpu' }, environment);
  keepLibrariesOfThisSystem(join(folder, 'node_modules', 'webgpu', 'dist'));
  const result = await proveEngine('webgpu', {}, folder);
  if ('proof' in result) return result.proof;
  throw new SetupFailure(
    `WebGPU is installed and does not compute: ${result.problem}`,
    process.platform === 'linux'
      ? 'it needs the Vulkan loader (Debian, Ubuntu: apt install libvulkan1) and the driver of a graphics processor; vulkaninfo shows both'
      : 'update the driver of the graphics processor',
  );
}

/** @param {string} dist of the package webgpu, one folder per system */
function keepLibrariesOfThisSystem(dist) {
  const own = `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`;
  const systems = readdirSync(dist);
  if (!systems.includes(own)) {
    throw new SetupFailure(
      `the package webgpu has no library for ${own}, but for ${systems.join(', ')}`,
      'use another engine: FLOW_ENGINE=wasm',
    );
  }
  for (const system of systems) if (system !== own) rmSync(join(dist, system), { recursive: true });
}
