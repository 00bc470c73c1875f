import { describe, expect, it } from 'vitest';
import { tensorflowEnvironment } from '../../../../src/kit/net/engines/engine-environment.ts';
import { requireXla } from '../../../../src/kit/net/engines/xla.ts';
import { bfloat16Instructions, type Precision, requirePrecision } from '../../../../src/kit/net/engines/precision.ts';

describe('bfloat16Instructions', () => {
  it('reads them from what Linux says of a processor', () => {
    expect(bfloat16Instructions('processor : 0\nflags\t\t: fpu avx2 avx512_bf16 amx_bf16 amx_tile\nbugs :')).toEqual([
      'avx512_bf16',
      'amx_bf16',
    ]);
    expect(bfloat16Instructions('flags : fpu avx2 avx512f\n')).toEqual([]);
    expect(bfloat16Instructions('Features : fp asimd bf16\n')).toBeUndefined();
  });
});

describe('requirePrecision', () => {
  const cpu = { name: 'tensorflow', version: '2.21.0-cpu' } as const;
  const cuda = { name: 'tensorflow', version: '2.21.0-cuda' } as const;
  const wasm = { name: 'wasm', version: '4.22.0' } as const;

  it('lets an engine compute with what it has', () => {
    for (const engine of [cpu, cuda, wasm])
      expect(() => {
        requirePrecision('float32', engine);
      }).not.toThrow();
    expect(() => {
      requirePrecision('bfloat16', cpu);
    }).not.toThrow();
    expect(() => {
      requirePrecision('tf32', cuda);
    }).not.toThrow();
    expect(() => {
      requirePrecision('tf32', cpu);
    }).toThrow('does not compute with "precision: tf32"');
    expect(() => {
      requirePrecision('bfloat16', cuda);
    }).toThrow('does not compute with "precision: bfloat16"');
    expect(() => {
      requirePrecision('bfloat16', wasm);
    }).toThrow('the engine wasm 4.22.0');
  });

  it('has the libraries round only where it is asked for', () => {
    const variables = (precision?: Precision) => tensorflowEnvironment(cuda, 1, { precision });
    expect(variables()).toMatchObject({ NVIDIA_TF32_OVERRIDE: '0', TF_SET_ONEDNN_FPMATH_MODE: 'STRICT' });
    expect(variables('tf32')).toMatchObject({ NVIDIA_TF32_OVERRIDE: '1' });
    expect(variables('bfloat16')).toMatchObject({
      NVIDIA_TF32_OVERRIDE: '0',
      TF_SET_ONEDNN_FPMATH_MODE: 'BF16',
      ONEDNN_DEFAULT_FPMATH_MODE: 'BF16',
    });
  });
});

describe('requireXla', () => {
  it('lets XLA compile where steps are graphs', () => {
    expect(() => {
      requireXla(true, { name: 'tensorflow', version: '2.21.0-cpu' });
    }).not.toThrow();
    for (const engine of [
      { name: 'tensorflow', version: '2.21.0-cuda' },
      { name: 'webgpu', version: '4.22.0-dawn-0.6.2' },
      { name: 'wasm', version: '4.22.0' },
      { name: 'cpu', version: '4.22.0' },
    ] as const) {
      expect(() => {
        requireXla(true, engine);
      }).toThrow(`the engine ${engine.name} ${engine.version} has no steps that "xla: true" could compile`);
      expect(() => {
        requireXla(false, engine);
      }).not.toThrow();
    }
  });

  it('is off, whatever variable the command was called with', () => {
    const cpu = { name: 'tensorflow', version: '2.21.0-cpu' } as const;
    expect(tensorflowEnvironment(cpu, 1)).toMatchObject({ TF_XLA_FLAGS: '' });
    expect(tensorflowEnvironment(cpu, 1, { xla: true })['TF_XLA_FLAGS']).toContain('--tf_xla_cpu_global_jit');
  });
});
