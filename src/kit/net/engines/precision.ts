import { readFileSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { failures } from '../failures.ts';

/**
 * To what a library may round the factors of a convolution or a matrix product before it multiplies them, where it has a kernel that does:
 * oneDNN the forward pass, matrix products and the gradients of inputs at stride 1, not those of filters. Sums, weights, statistics
 * and everything else are float32, so that no loss has to be scaled: `tf32` and `bfloat16` have the range of float32.
 */
export const precisions = ['float32', 'tf32', 'bfloat16'] as const;
export type Precision = (typeof precisions)[number];

/** Fails with `precision-not-computed` where an engine does not compute with it. */
export function requirePrecision(precision: Precision, { name, version }: EngineIdentity): void {
  if (precision === 'float32') return;
  const onGpu = name === 'tensorflow' && version.endsWith('-cuda');
  const onCpu = name === 'tensorflow' && !onGpu;
  if (precision === 'tf32' ? onGpu : onCpu) return;
  fail(failures.precisionNotComputed({ precision, engine: `${name} ${version}` }));
}

/**
 * Variables that the libraries under TensorFlow read when they are opened: cuBLAS and cuDNN round to TF32 unless told otherwise (10 bits of
 * a factor are left of 23), oneDNN to bfloat16 (7 bits) if told so.
 */
export function precisionVariables(precision: Precision): Readonly<Record<string, string>> {
  return {
    NVIDIA_TF32_OVERRIDE: precision === 'tf32' ? '1' : '0',
    TF_SET_ONEDNN_FPMATH_MODE: precision === 'bfloat16' ? 'BF16' : 'STRICT',
    ONEDNN_DEFAULT_FPMATH_MODE: precision === 'bfloat16' ? 'BF16' : 'STRICT',
  };
}

/**
 * What a processor does with `bfloat16`: oneDNN rounds where there are instructions for it, and computes as with float32 elsewhere.
 * Undefined where the system does not tell.
 */
export function bfloat16Instructions(cpuInfo: string | undefined = readCpuInfo()): readonly string[] | undefined {
  const flags = /^flags\s*:(.*)$/m.exec(cpuInfo ?? '')?.[1];
  if (flags === undefined) return undefined;
  const known = new Set(flags.trim().split(/\s+/));
  return ['avx512_bf16', 'amx_bf16'].filter((flag) => known.has(flag));
}

function readCpuInfo(): string | undefined {
  return process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : undefined;
}
