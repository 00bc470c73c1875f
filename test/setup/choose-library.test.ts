import { describe, expect, it } from 'vitest';
import { chooseLibrary } from '../../setup/choose-library.mjs';

const machine = { platform: 'linux', arch: 'x64', glibc: '2.36', nvidia: false, request: undefined };

function refusal(changes: Partial<Parameters<typeof chooseLibrary>[0]>): string {
  try {
    return `chose ${String(chooseLibrary({ ...machine, ...changes }, '2.27'))}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('the library set-up chooses', () => {
  it('is the CPU build where there is no NVIDIA driver', () => {
    expect(chooseLibrary(machine, '2.27')).toBe('cpu');
  });

  it('is the CUDA build where there is one, or where it is asked for', () => {
    expect(chooseLibrary({ ...machine, nvidia: true }, '2.27')).toBe('cuda');
    expect(chooseLibrary({ ...machine, request: 'cuda' }, '2.27')).toBe('cuda');
  });

  it('is the CPU build beside a GPU where FLOW_ENGINE=tensorflow', () => {
    expect(chooseLibrary({ ...machine, nvidia: true, request: 'tensorflow' }, '2.27')).toBe('cpu');
  });

  it.each(['wasm', 'cpu'])('is left out where FLOW_ENGINE=%s, whatever the machine', (request) => {
    expect(chooseLibrary({ ...machine, platform: 'win32', request }, '2.27')).toBeUndefined();
  });

  it('is refused, with the reason, on other systems', () => {
    expect(refusal({ platform: 'darwin', arch: 'arm64' })).toBe(
      'TensorFlow is set up on Linux x64 only, and this is darwin arm64',
    );
    expect(refusal({ arch: 'arm64' })).toContain('this is linux arm64');
  });

  it('is left out on other systems where FLOW_ENGINE=webgpu, which computes there without', () => {
    expect(chooseLibrary({ ...machine, platform: 'darwin', arch: 'arm64', request: 'webgpu' }, '2.27')).toBeUndefined();
    expect(chooseLibrary({ ...machine, request: 'webgpu', nvidia: true }, '2.27')).toBe('cpu');
  });

  it('is refused where the C library is older than the wheels, or another one', () => {
    expect(refusal({ glibc: '2.26' })).toBe('TensorFlow needs glibc 2.27 or later, and this system has 2.26');
    expect(refusal({ glibc: undefined })).toContain('has another C library');
    expect(refusal({ glibc: '2.9' })).toContain('has 2.9');
    expect(refusal({ glibc: '3.0' })).toBe('chose cpu');
  });
});
