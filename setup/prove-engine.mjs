import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';

/**
 * @typedef {object} Proof
 * @property {{ name: 'tensorflow' | 'wasm' | 'webgpu', version: string }} engine
 * @property {('cpu' | 'gpu')[]} devices
 * @property {string} [device] the name of a graphics processor
 * @property {string} computed
 */

/**
 * Loads an engine in a process of its own and computes with it.
 *
 * @param {'tensorflow' | 'wasm' | 'webgpu'} name
 * @param {Record<string, string>} [env]
 * @param {string} [folder] where the engine is installed, if not beside this package's own dependencies
 * @returns {Promise<{ proof: Proof } | { problem: string, output: string }>}
 */
export async function proveEngine(name, env = {}, folder = '') {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'prove.mjs');
  const { code, output } = await runCommand(process.execPath, [script, name, folder], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true', ...env },
    timeoutMs: 300_000,
  });
  const line = output.split('\n').find((each) => each.startsWith('{"engine":'));
  if (code === 0 && line !== undefined) return { proof: /** @type {Proof} */ (JSON.parse(line)) };
  const said = output.split('\n').find((each) => /error|terminated/i.test(each)) ?? `it ended with ${String(code)}`;
  return { problem: said.trim(), output };
}
