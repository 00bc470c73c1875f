import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { errorCode, fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { packageFolder } from '../../../core/package-folder.ts';
import { failures } from '../failures.ts';

/*
 * Which engine a task computes with: what FLOW_ENGINE and the stage request, and what is installed.
 */

/**
 * What `FLOW_ENGINE` may hold: `cuda` is tensorflow on a GPU, and nothing else will do; `onnxruntime-webgpu` is onnxruntime on the
 * graphics processor of any vendor.
 */
const engineOverrides = ['tensorflow', 'cuda', 'webgpu', 'onnxruntime', 'onnxruntime-webgpu', 'wasm', 'cpu'] as const;
export type EngineOverride = (typeof engineOverrides)[number];

/** What the parameter `engine` of a stage that infers may hold; `auto` is the fastest that is installed. */
export const engineChoices = [
  'auto',
  'tensorflow',
  'webgpu',
  'onnxruntime',
  'onnxruntime-webgpu',
  'wasm',
  'cpu',
] as const;
export type EngineChoice = (typeof engineChoices)[number];

/** What `FLOW_ENGINE` holds; undefined if it is unset or empty. Fails with `unknown-engine`. */
export function parseEngineOverride(text: string | undefined): EngineOverride | undefined {
  if (text === undefined || text === '') return undefined;
  return (
    engineOverrides.find((override) => override === text) ??
    fail(failures.unknownEngine({ name: text, known: engineOverrides }))
  );
}

/** A stage's own choice, checked, since stages of the user's own may hold anything. Fails with `unknown-engine`. */
export function parseEngineChoice(value: unknown): EngineChoice {
  if (value === undefined) return 'auto';
  return (
    engineChoices.find((choice) => choice === value) ??
    fail(failures.unknownEngineChoice({ value: JSON.stringify(value), known: engineChoices }))
  );
}

export interface ChosenEngine {
  readonly identity: EngineIdentity;
  /** Why a better engine is not used; absent where this one was requested or is the best. */
  readonly notice?: string;
  /** What to do to get the better one. */
  readonly remedy?: string;
}

/**
 * The engine that tasks which train compute with, from the record of set-up. Fails with `engine-not-installed`,
 * `engine-cannot-train` where the request cannot be met, and with `engine-incomplete` where files were lost since.
 */
export function trainingEngine(override?: EngineOverride, folder: string = packageFolder()): ChosenEngine {
  if (override !== undefined && infersOnly(override)) fail(failures.engineCannotTrain({}));
  if (override === 'wasm' || override === 'cpu') return { identity: scriptEngine(override) };
  if (override === 'webgpu') return { identity: webgpuEngine(folder) };
  const record = readEngineRecord(folder);
  if (record?.engine.name === 'tensorflow') {
    checkFiles(record, folder);
    if (override === 'tensorflow') return { identity: record.engine };
    if (override !== 'cuda' || record.devices.includes('gpu'))
      return { identity: record.engine, ...explanation(record) };
  }
  if (override !== undefined) refuseOverride(override, record);
  return { identity: scriptEngine('wasm'), ...explanation(record) };
}

/** Whether an engine computes whole networks and no gradients. */
function infersOnly(engine: EngineOverride): engine is 'onnxruntime' | 'onnxruntime-webgpu' {
  return engine === 'onnxruntime' || engine === 'onnxruntime-webgpu';
}

/** What is left of a request where layers are computed one by one, which the engines that only infer do not. */
export function layerEngine(override: EngineOverride | undefined): EngineOverride | undefined {
  return override === undefined || infersOnly(override) ? undefined : override;
}

/** Why set-up could not install a better engine; empty if nothing is missing. */
function explanation(record: EngineRecord | undefined): Pick<ChosenEngine, 'notice' | 'remedy'> {
  if (record === undefined) {
    return { notice: 'set-up has not run here: the wasm engine serves, several times slower', remedy: 'npm run setup' };
  }
  if (record.instead === undefined) return {};
  const { reason, remedy } = record.instead;
  return remedy === undefined ? { notice: reason } : { notice: reason, remedy };
}

function checkFiles(record: EngineRecord, folder: string): void {
  const lost = record.files.find((file) => !existsSync(resolve(folder, file)));
  if (lost !== undefined) fail(failures.engineIncomplete({ file: lost }));
}

function refuseOverride(override: 'tensorflow' | 'cuda', record: EngineRecord | undefined): never {
  const reason =
    record === undefined
      ? 'set-up has not run here'
      : (record.instead?.reason ?? `set-up found ${record.engine.name} ${record.engine.version} without a GPU`);
  const command = override === 'cuda' ? 'FLOW_ENGINE=cuda npm run setup' : 'npm run setup';
  fail(
    failures.engineNotInstalled({ engine: override, reason, remedy: record?.instead?.remedy ?? `Run: ${command}.` }),
  );
}

export interface EnginePreference {
  /** The parameter `engine` of the stage. */
  readonly choice: EngineChoice;
  /** What `FLOW_ENGINE` holds. */
  readonly override: EngineOverride | undefined;
  /** Names the stage in failures. */
  readonly stage: string;
}

/** Where to look; tests look elsewhere. */
export interface Installation {
  readonly folder: string;
  readonly onnxruntime: OnnxruntimeInstallation;
}

/**
 * The engine that a stage which infers computes with. `auto` is what FLOW_ENGINE says, or else the fastest that is
 * installed: onnxruntime, tensorflow, wasm; the result has a notice where that is a slower one. Fails with
 * `engine-conflict` where the stage and FLOW_ENGINE disagree, and as {@link trainingEngine}.
 */
export function inferenceEngine(
  preference: EnginePreference,
  installation: Installation = { folder: packageFolder(), onnxruntime: installedOnnxruntime() },
): ChosenEngine {
  const requested = requestedEngine(preference);
  const { folder, onnxruntime } = installation;
  if (requested !== undefined && !infersOnly(requested)) return trainingEngine(requested, folder);
  if (onnxruntime.installed) {
    const { identity } = onnxruntime;
    return { identity: requested === 'onnxruntime-webgpu' ? onProvider(identity, 'webgpu') : identity };
  }
  if (requested === undefined) return withoutOnnxruntime(onnxruntime.reason, folder);
  return fail(
    failures.engineNotInstalled({
      engine: requested,
      reason: onnxruntime.reason,
      remedy: 'Run npm install onnxruntime-node; the parameter "engine: auto" takes the best engine that is installed.',
    }),
  );
}

/** Undefined if neither the stage nor FLOW_ENGINE requests one. */
function requestedEngine({ choice, override, stage }: EnginePreference): EngineOverride | undefined {
  if (choice === 'auto') return override;
  const isMet =
    override === undefined ||
    override === choice ||
    (override === 'cuda' && choice === 'tensorflow') ||
    (override === 'onnxruntime-webgpu' && choice === 'onnxruntime');
  if (isMet) return override ?? choice;
  return fail(failures.engineConflict({ stage, choice, override }));
}

function withoutOnnxruntime(reason: string, folder: string): ChosenEngine {
  const second = trainingEngine(undefined, folder);
  const notices = [`${reason}: inference is slower without it`, second.notice].filter((line) => line !== undefined);
  return {
    identity: second.identity,
    notice: notices.join('; '),
    remedy: second.remedy ?? 'npm install onnxruntime-node',
  };
}

/*
 * Which tensor libraries are installed, from their files alone: nothing is loaded, so that planning stays cheap.
 */

/** What set-up found out about the engine of this installation: node_modules/.faceflow/engine.json, written by setup/. */
export interface EngineRecord {
  readonly format: 'faceflow-engine';
  readonly version: 1;
  /** The engine that was proved by computing with it. */
  readonly engine: EngineIdentity;
  /** Where it computed: `cpu`, or `gpu` first where a GPU was found. */
  readonly devices: readonly ('cpu' | 'gpu')[];
  /** Why this is not the tensorflow engine; absent where it is. */
  readonly instead?: { readonly reason: string; readonly remedy?: string };
  /** Files that must exist for the engine to load, relative to the package or absolute. */
  readonly files: readonly string[];
  /** When and with what it was proved. */
  readonly proof: { readonly at: string; readonly node: string; readonly computed: string };
}

/** The record, or undefined where set-up has not run. */
export function readEngineRecord(folder: string = packageFolder()): EngineRecord | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, 'node_modules', '.faceflow', 'engine.json'), 'utf8');
  } catch {
    return undefined;
  }
  const record: unknown = JSON.parse(text);
  return isEngineRecord(record) ? record : undefined;
}

function isEngineRecord(value: unknown): value is EngineRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 'faceflow-engine' &&
    'version' in value &&
    value.version === 1
  );
}

/** The engines that come with the package and need no set-up. */
export function scriptEngine(name: 'wasm' | 'cpu'): EngineIdentity {
  const require = createRequire(import.meta.url);
  const { version } = require(`@tensorflow/tfjs-backend-${name}/package.json`) as { readonly version: string };
  return { name, version };
}

/** Where set-up installs the engine webgpu, on request. */
export function webgpuFolder(folder: string = packageFolder()): string {
  return join(folder, 'node_modules', '.faceflow', 'webgpu');
}

/** Versions of tfjs's backend and of Dawn, `4.22.0-dawn-0.6.2`, as they are installed; undefined if they are not. */
export function webgpuVersion(folder: string): string | undefined {
  const packages = ['@tensorflow/tfjs-backend-webgpu', 'webgpu'].map((name) =>
    join(folder, 'node_modules', name, 'package.json'),
  );
  if (!packages.every((file) => existsSync(file))) return undefined;
  const versions = packages.map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version);
  return versions.join('-dawn-');
}

function webgpuEngine(folder: string): EngineIdentity {
  const version = webgpuVersion(webgpuFolder(folder));
  if (version !== undefined) return { name: 'webgpu', version };
  const reason = 'set-up installs it on request only';
  return fail(
    failures.engineNotInstalled({ engine: 'webgpu', reason, remedy: 'Run: FLOW_ENGINE=webgpu npm run setup.' }),
  );
}

/** onnxruntime where it is installed, otherwise the reason why it cannot be used. */
export type OnnxruntimeInstallation =
  | { readonly installed: true; readonly identity: EngineIdentity }
  | { readonly installed: false; readonly reason: string };

/** What onnxruntime computes with; the last part of the version of its identity. */
export type OnnxruntimeProvider = 'cpu' | 'cuda' | 'webgpu';

export function providerOf({ version }: EngineIdentity): OnnxruntimeProvider {
  const provider = version.split('-').at(-1);
  if (provider === 'cpu' || provider === 'cuda' || provider === 'webgpu') return provider;
  throw new Error(`a version of onnxruntime ends in what it computes with, and not ${version}`);
}

/** Whether an engine is onnxruntime on processors. */
export function isOnnxruntimeOnCpu(identity: EngineIdentity): boolean {
  return identity.name === 'onnxruntime' && providerOf(identity) === 'cpu';
}

/** The same library, computing with something else. */
export function onProvider({ name, version }: EngineIdentity, provider: OnnxruntimeProvider): EngineIdentity {
  return { name, version: version.replace(/-[a-z]+$/, `-${provider}`) };
}

/** Where NVIDIA's driver lists the GPUs it has found. */
export const nvidiaDevices = '/proc/driver/nvidia/gpus';

/**
 * onnxruntime as it is installed. The version includes the provider: `1.30.0-cuda` where the library of the CUDA provider
 * is next to the binding and the driver knows a GPU, otherwise `1.30.0-cpu`; `1.30.0-webgpu` on request only.
 */
export function installedOnnxruntime(devices: string = nvidiaDevices): OnnxruntimeInstallation {
  const found = packageOf('onnxruntime-node');
  if (found === undefined) return { installed: false, reason: 'the package onnxruntime-node is not installed' };
  const { folder, version } = found;
  const { platform, arch } = process;
  const binding = join(folder, 'bin', 'napi-v6', platform, arch, 'onnxruntime_binding.node');
  if (!existsSync(binding)) {
    return { installed: false, reason: `onnxruntime-node ${version} has no library for ${platform} ${arch}` };
  }
  const hasProvider = existsSync(join(dirname(binding), 'libonnxruntime_providers_cuda.so'));
  const hasGpu = existsSync(devices) && readdirSync(devices).length > 0;
  const provider = hasProvider && hasGpu ? 'cuda' : 'cpu';
  return { installed: true, identity: { name: 'onnxruntime', version: `${version}-${provider}` } };
}

function packageOf(name: string): { readonly folder: string; readonly version: string } | undefined {
  const require = createRequire(import.meta.url);
  try {
    const file = require.resolve(`${name}/package.json`);
    const { version } = require(file) as { readonly version: string };
    return { folder: dirname(file), version };
  } catch (error) {
    if (errorCode(error) === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
