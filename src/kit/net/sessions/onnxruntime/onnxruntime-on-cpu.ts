import { installedOnnxruntime } from '../../engines/installed-onnxruntime.ts';
import { loadOnnxruntime, type OnnxEngine } from './load-onnxruntime.ts';

/** How to load onnxruntime for the CPU, whatever devices it is installed for; or why it is not there. */
export function onnxruntimeOnCpu(threads: number, installed = installedOnnxruntime()): (() => OnnxEngine) | string {
  if (typeof installed === 'string') return installed;
  const identity = { ...installed, version: installed.version.replace(/-cuda$/, '-cpu') };
  return () => loadOnnxruntime(identity, { threads });
}
