import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unusedCard } from '../../src/cli/gpu/unused-card.ts';

const folder = mkdtempSync(join(tmpdir(), 'faceflow-dri-'));
const devices = join(folder, 'dri');
const nvidia = join(folder, 'none');
beforeAll(() => {
  mkdirSync(devices);
  for (const name of ['by-path', 'card0', 'renderD128']) writeFileSync(join(devices, name), '');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a graphics processor that TensorFlow does not use', () => {
  it('is one that Linux can compute with, and the engine webgpu trains on it', () => {
    expect(unusedCard({ platform: 'linux', devices, nvidia, webgpu: undefined })).toEqual({
      found: `${devices}/renderD128 is not used`,
      fix: 'FLOW_ENGINE=webgpu npm run setup installs an engine for it',
    });
    expect(unusedCard({ platform: 'linux', devices, nvidia, webgpu: '4.22.0-dawn-0.6.2' })?.fix).toBe(
      'FLOW_ENGINE=webgpu trains on it',
    );
  });

  it('is not there where Linux lists none', () => {
    expect(unusedCard({ platform: 'linux', devices: join(folder, 'none'), nvidia, webgpu: undefined })).toBeUndefined();
    expect(unusedCard({ platform: 'linux', devices: folder, nvidia, webgpu: undefined })).toBeUndefined();
  });

  it("is not named where it is NVIDIA's, which the CUDA library is for", () => {
    expect(unusedCard({ platform: 'linux', devices, nvidia: devices, webgpu: undefined })).toBeUndefined();
  });

  it.each(['darwin', 'win32'])('may be there on %s, which nothing is asked about', (platform) => {
    expect(unusedCard({ platform, devices, nvidia, webgpu: undefined })?.found).toBe(
      'a graphics processor, if there is one, is not used',
    );
  });
});
