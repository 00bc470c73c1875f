// Sets SQLite and the tensor engine up after `npm ci` (postinstall), and again with `npm run setup`: SQLite for this Node
// (sqlite.mjs), without which nothing works, so set-up fails without it; libtensorflow from its Python
// wheel into a cache shared by all checkouts, the binding of tfjs-node-gpu compiled against it, proved by computing
// with it, recorded in node_modules/.faceflow/engine.json. Where that fails the wasm engine serves, and says so.
//
// FLOW_ENGINE=wasm or cpu leaves TensorFlow out, tensorflow takes the CPU library, cuda the CUDA library, webgpu the CPU
// library and the engine webgpu beside it; unset: CUDA where an NVIDIA driver is loaded. FLOW_LIBRARIES names the folder of the cache. --strict: exit 1 where the engine that
// was wanted is not there (npm ci must not fail for it, `npm run setup` should).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bindingFile, ensureBinding, keptBinding, linkLibraries } from './binding.mjs';
import { cacheFolder } from './cache-folder.mjs';
import { chooseLibrary } from './choose-library.mjs';
import { recordFolder, writeEngineRecord } from './engine-record.mjs';
import { ensureLibraries, findLibraries } from './libraries.mjs';
import { ensurePackages } from './ensure-packages.mjs';
import { proveEngine } from './prove-engine.mjs';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { ensureSqlite } from './sqlite.mjs';
import { findTools } from './tools.mjs';
import { ensureWebgpu } from './webgpu.mjs';

/**
 * @typedef {import('./choose-library.mjs').Library} Library
 * @typedef {import('./fetch-wheel.mjs').Pins} Pins
 * @typedef {import('./prove-engine.mjs').Proof} Proof
 */

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const log = join(recordFolder(root), 'setup.log');
/** @type {Pins} */
const pins = JSON.parse(readFileSync(join(here, 'pins.json'), 'utf8'));
const started = Date.now();

const gpuNotFound = {
  reason: 'the CUDA library is installed, but TensorFlow found no GPU, so the CPU computes',
  remedy: 'nvidia-smi shows whether the driver sees the GPU; then npm run setup',
};

async function main() {
  // `npm ci --dry-run` runs the scripts of the root package although it has installed nothing.
  if (process.env['npm_config_dry_run'] === 'true') return 0;
  mkdirSync(recordFolder(root), { recursive: true });
  say('faceflow set-up');
  if (!(await setUpSqlite())) return 1;
  if (process.env['FLOW_ENGINE'] === 'webgpu' && !(await setUpWebgpu())) return strictly(1);
  try {
    const missing = await ensurePackages(root, process.env);
    if (missing.length > 0) say(`  packages  brought back without their install scripts: ${missing.join(', ')}`);
    const library = chooseLibrary(await describeMachine(), pins.glibc);
    if (library !== undefined) return await setUpTensorflow(library);
    const request = String(process.env['FLOW_ENGINE']);
    if (request === 'webgpu') {
      const reason = `TensorFlow is set up on Linux x64 only, and this is ${process.platform} ${process.arch}`;
      await serveWasm({ reason, remedy: 'FLOW_ENGINE=webgpu trains on the graphics processor' });
      say('  engine    wasm, wherever FLOW_ENGINE=webgpu is not set');
      return 0;
    }
    const reason = `FLOW_ENGINE=${request} left TensorFlow out at set-up`;
    await serveWasm({ reason, remedy: 'npm run setup without FLOW_ENGINE' });
    say(`  engine    wasm, as FLOW_ENGINE=${request} says`);
    return 0;
  } catch (error) {
    return await explain(error);
  }
}

async function setUpSqlite() {
  const origins = {
    shipped: 'its binaries came with the package',
    made: 'downloaded or compiled',
    kept: 'found in the cache',
  };
  try {
    const { version, origin } = await ensureSqlite(root, process.env);
    say(`  SQLite    ${version} for Node.js ${process.versions.node}: ${origins[origin]}`);
    return true;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    tell(error.message, error.remedy);
    return false;
  }
}

async function setUpWebgpu() {
  try {
    const { engine, device, computed } = await ensureWebgpu(root, process.env);
    say(`  engine    ${engine.name} ${engine.version} on ${device ?? 'a device without a name'} computed ${computed}`);
    return true;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    tell(error.message, error.remedy);
    return false;
  }
}

/**
 * `npm ci` must not fail for an engine.
 *
 * @param {number} code
 */
function strictly(code) {
  return process.argv.includes('--strict') ? code : 0;
}

async function describeMachine() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  const nvidia = existsSync('/proc/driver/nvidia/version') || (await runCommand('nvidia-smi', ['-L'])).code === 0;
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: report.header.glibcVersionRuntime,
    nvidia,
    request: process.env['FLOW_ENGINE'],
  };
}

/** @param {Library} library */
async function setUpTensorflow(library) {
  const packageFolder = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  const cache = cacheFolder(process.env);
  const found = findLibraries({ library, pins, cache });
  const needed = { pip: !found.whole, compiler: !existsSync(keptBinding(packageFolder, found.folder)) };
  const { python } = await findTools(needed, process.env);
  const { folder, downloaded } = await ensureLibraries({
    library,
    pins,
    cache,
    python,
    say: (text) => say(`  library   ${text}`),
  });
  say(
    `  library   libtensorflow ${pins.libtensorflow} (${library}) ${downloaded ? 'unpacked into' : 'found in'} ${folder}`,
  );
  linkLibraries(packageFolder, folder);
  const proof = await buildAndProve(packageFolder, folder);
  const instead = library === 'cuda' && !proof.devices.includes('gpu') ? gpuNotFound : undefined;
  const files = [bindingFile(packageFolder), join(packageFolder, 'deps', 'lib', 'libtensorflow_cc.so.2')];
  writeEngineRecord(root, { proof, files: files.map((file) => relative(root, file)), ...(instead && { instead }) });
  say(`  engine    ${proof.engine.name} ${proof.engine.version} computed ${proof.computed}`);
  if (instead !== undefined) tell(instead.reason, instead.remedy);
  return 0;
}

/**
 * A binding from the cache that does not load (made by another compiler, perhaps) is compiled again once.
 *
 * @param {string} packageFolder
 * @param {string} libraries
 * @returns {Promise<Proof>}
 */
async function buildAndProve(packageFolder, libraries) {
  let problem = '';
  for (const fresh of [false, true]) {
    const { compiled } = await ensureBinding({ packageFolder, libraries, log, fresh });
    say(`  binding   ${compiled ? 'compiled' : 'compiled before, found in the cache'}`);
    const result = await proveEngine('tensorflow');
    if ('proof' in result) return result.proof;
    problem = result.problem;
    writeFileSync(log, result.output);
    if (compiled) break;
  }
  throw new SetupFailure(`TensorFlow does not load: ${problem}`, `the whole output is in ${log}`);
}

/** @param {import('./engine-record.mjs').Instead} instead */
async function serveWasm(instead) {
  const result = await proveEngine('wasm');
  if ('problem' in result) throw new Error(`the wasm engine does not load: ${result.problem}\n${result.output}`);
  writeEngineRecord(root, { proof: result.proof, files: [], instead });
}

/** @param {unknown} error */
async function explain(error) {
  const remedy = error instanceof SetupFailure ? error.remedy : `this is a defect; its trace is in ${log}`;
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  if (!(error instanceof SetupFailure)) writeFileSync(log, error instanceof Error ? String(error.stack) : reason);
  await serveWasm({ reason: `TensorFlow is not set up: ${reason}`, remedy });
  tell(`TensorFlow is not set up: ${reason}`, remedy);
  say('  engine    wasm serves, several times slower in training; every run says so');
  return strictly(1);
}

/**
 * @param {string} reason
 * @param {string} remedy
 */
function tell(reason, remedy) {
  say(`  missing   ${reason}`);
  say(`  to do     ${remedy}`);
}

/** @param {string} text */
function say(text) {
  const seconds = ((Date.now() - started) / 1000).toFixed(1).padStart(6);
  console.log(text.startsWith('  ') ? `${seconds} s${text}` : text);
}

process.exitCode = await main();
