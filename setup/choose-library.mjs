import { SetupFailure } from './setup-failure.mjs';

/**
 * @typedef {'cpu' | 'cuda'} Library which build of libtensorflow
 *
 * @typedef {object} Machine
 * @property {string} platform as `process.platform` says
 * @property {string} arch as `process.arch` says
 * @property {string | undefined} glibc version of the C library; undefined where it is another one (musl)
 * @property {boolean} nvidia an NVIDIA driver is loaded
 * @property {string | undefined} request content of FLOW_ENGINE
 */

const serves = 'FLOW_ENGINE=wasm, which trains several times slower, is what there is';

/**
 * Decides which library this machine gets. `undefined`: none, because the user chose an engine that needs none, or that is there without.
 * `FLOW_ENGINE=tensorflow` and `webgpu` ask for the CPU library also where there is a GPU.
 *
 * @param {Machine} machine
 * @param {string} oldestGlibc the C library that the wheels were built for
 * @returns {Library | undefined}
 */
export function chooseLibrary(machine, oldestGlibc) {
  if (machine.request === 'wasm' || machine.request === 'cpu') return undefined;
  if (machine.platform !== 'linux' || machine.arch !== 'x64') {
    if (machine.request === 'webgpu') return undefined;
    throw new SetupFailure(
      `TensorFlow is set up on Linux x64 only, and this is ${machine.platform} ${machine.arch}`,
      `FLOW_ENGINE=webgpu npm run setup installs an engine for graphics processors; or run on Linux x64 (a container will do); ${serves}`,
    );
  }
  if (machine.glibc === undefined || isOlder(machine.glibc, oldestGlibc)) {
    throw new SetupFailure(
      `TensorFlow needs glibc ${oldestGlibc} or later, and this system has ${machine.glibc ?? 'another C library'}`,
      `use a newer distribution or one with glibc; ${serves}`,
    );
  }
  if (machine.request === 'cuda') return 'cuda';
  const asksForAnother = machine.request === 'tensorflow' || machine.request === 'webgpu';
  return machine.nvidia && !asksForAnother ? 'cuda' : 'cpu';
}

/**
 * @param {string} version
 * @param {string} limit
 */
function isOlder(version, limit) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [limitMajor = 0, limitMinor = 0] = limit.split('.').map(Number);
  return major < limitMajor || (major === limitMajor && minor < limitMinor);
}
