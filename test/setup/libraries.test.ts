import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureLibraries } from '../../setup/libraries.mjs';

const pip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

/** A wheel with the names of the real one and a few bytes in each file, made by Python as wheels are. */
const makeWheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    for name in ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2',
                 'tensorflow/include/tensorflow/c/c_api.h', 'tensorflow/include/xla/a.h', 'tensorflow/python/keras.py']:
        wheel.writestr(name, name * 3)
    info = 'tensorflow_cpu-0.0.1.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tensorflow-cpu\\nVersion: 0.0.1\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: false\\nTag: cp311-cp311-manylinux_2_27_x86_64\\n')
    wheel.writestr(info + 'RECORD', '')
`;

let folder: string;
let pins: Parameters<typeof ensureLibraries>[0]['pins'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-setup-'));
  if (!pip) return;
  const wheel = join(folder, 'tensorflow_cpu-0.0.1-cp311-cp311-manylinux_2_27_x86_64.whl');
  execFileSync('python3', ['-c', makeWheel, wheel]);
  const bytes = readFileSync(wheel);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  pins = {
    libtensorflow: '0.0.1',
    python: '3.11',
    platforms: ['manylinux_2_27_x86_64'],
    glibc: '2.27',
    roomBytes: { cpu: 1000, cuda: 1000 },
    cpu: [{ name: 'tensorflow-cpu', version: '0.0.1', bytes: bytes.length, sha256 }],
    cuda: [],
  };
  // Nothing comes from a network: pip finds the wheel beside the test, or nowhere.
  process.env['PIP_NO_INDEX'] = '1';
  process.env['PIP_FIND_LINKS'] = folder;
});

afterEach(() => {
  delete process.env['PIP_NO_INDEX'];
  delete process.env['PIP_FIND_LINKS'];
  rmSync(folder, { recursive: true });
});

function ensure(changes: Partial<typeof pins> = {}): ReturnType<typeof ensureLibraries> {
  const cache = join(folder, 'cache');
  return ensureLibraries({
    library: 'cpu',
    pins: { ...pins, ...changes },
    cache,
    python: 'python3',
    say: () => undefined,
  });
}

function cached(): string[] {
  return readdirSync(join(folder, 'cache', 'libtensorflow'));
}

describe.skipIf(!pip)('the cache of libraries (needs Python 3 with pip)', () => {
  it('holds what is loaded and compiled against, and nothing else of the wheel', async () => {
    const { folder: libraries, downloaded } = await ensure();
    expect(downloaded).toBe(true);
    expect(existsSync(join(libraries, 'tensorflow', 'libtensorflow_cc.so.2'))).toBe(true);
    expect(existsSync(join(libraries, 'tensorflow', 'include', 'tensorflow', 'c', 'c_api.h'))).toBe(true);
    expect(existsSync(join(libraries, 'tensorflow', 'python'))).toBe(false);
    expect(existsSync(join(libraries, 'wheels'))).toBe(false);
    expect(cached()).toEqual(['0.0.1-cpu']);
  });

  it('is used the second time without pip', async () => {
    await ensure();
    process.env['PIP_FIND_LINKS'] = join(folder, 'nowhere');
    expect((await ensure()).downloaded).toBe(false);
  });

  it('is made again if a library is shorter than it was', async () => {
    const { folder: libraries } = await ensure();
    const library = join(libraries, 'tensorflow', 'libtensorflow_cc.so.2');
    const { size } = statSync(library);
    truncateSync(library, size - 1);
    expect((await ensure()).downloaded).toBe(true);
    expect(statSync(library).size).toBe(size);
  });

  it('is made once whole where several make it at a time', async () => {
    await Promise.all([ensure(), ensure(), ensure()]);
    expect(cached()).toEqual(['0.0.1-cpu']);
    expect((await ensure()).downloaded).toBe(false);
  });

  it('takes no wheel of another content than the pinned one, and keeps nothing of it', async () => {
    const [wheel] = pins.cpu;
    if (wheel === undefined) throw new Error('no wheel');
    await expect(ensure({ cpu: [{ ...wheel, sha256: '0'.repeat(64) }] })).rejects.toThrow(
      'pip could not download tensorflow-cpu 0.0.1',
    );
    expect(cached()).toEqual([]);
  });

  it('names the remedy if the wheel is unavailable', async () => {
    process.env['PIP_FIND_LINKS'] = join(folder, 'nowhere');
    await expect(ensure()).rejects.toMatchObject({
      message: expect.stringContaining('No matching distribution found') as string,
      remedy: 'with a network, or with the wheel in a folder that PIP_FIND_LINKS names: npm run setup',
    });
  });

  it('says so where there is no room for it', async () => {
    await expect(ensure({ roomBytes: { cpu: 2 ** 60, cuda: 0 } })).rejects.toThrow(
      'unpacking libtensorflow takes 1073741824.0 GiB',
    );
  });

  it('loses what a killed set-up left behind a day ago, not what another is at work on', async () => {
    await ensure();
    const parent = join(folder, 'cache', 'libtensorflow');
    const dayAndMore = new Date(Date.now() - 90_000_000);
    for (const name of ['.unpacking-old', '.unpacking-new']) execFileSync('mkdir', [join(parent, name)]);
    writeFileSync(join(parent, '.unpacking-old', 'part'), 'x');
    execFileSync('touch', ['-d', dayAndMore.toISOString(), join(parent, '.unpacking-old')]);
    truncateSync(join(parent, '0.0.1-cpu', 'tensorflow', 'libtensorflow_cc.so.2'), 1);
    await ensure();
    expect(cached().sort()).toEqual(['.unpacking-new', '0.0.1-cpu']);
  });
});
