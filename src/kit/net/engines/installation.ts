import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { packageFolder } from '../../../core/package-folder.ts';

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

/** onnxruntime where it is installed, otherwise the reason why it cannot be used. */
export type OnnxruntimeInstallation =
  | { readonly installed: true; readonly identity: EngineIdentity }
  | { readonly installed: false; readonly reason: string };

/** Where NVIDIA's driver lists the GPUs it has found. */
const nvidiaDevices = '/proc/driver/nvidia/gpus';

/**
 * onnxruntime as it is installed. The version includes the provider: `1.30.0-cuda` where the library of the CUDA provider
 * is next to the binding and the driver knows a GPU, otherwise `1.30.0-cpu`.
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
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
