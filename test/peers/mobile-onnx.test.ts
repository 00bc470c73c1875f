import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { littleEndianFloats } from '../../src/kit/codec/little-endian-floats.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { convertModel } from '../../src/kit/net/conversion/convert-model.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { modelFormatNamed, modelFormatOf } from '../../src/kit/net/exchange/choose-format.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import { onnxruntimeOnCpu } from '../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { relativeDifference } from '../kit/net/backends/compute-network.ts';
import { preparePeer } from './python.ts';

/* By structure, since the public files may not be brought along: what mobile_onnx.py says. */
const { python, folder, missing, note } = preparePeer();
const normalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' } as const;
const files = ['mobile-9', 'mobile-11', 'mobile-13'];

let backend: Backend;
beforeAll(async () => {
  if (missing !== undefined) return;
  execFileSync(python, [join(import.meta.dirname, 'mobile_onnx.py'), folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  backend = await loadBackend(trainingEngine().identity, { threads: 2 });
}, 120_000);

async function embed(model: string, given: boolean): Promise<Float32Array> {
  const engine = trainingEngine().identity;
  const options = given ? { normalization } : {};
  const embedder = await loadEmbedder({ model, engine, threads: 2, ...options });
  const images = readFileSync(join(folder, 'images'));
  const found = (await embedder.embed(new Uint8Array(images), 2)).slice();
  await embedder.dispose();
  return found;
}

describe.skipIf(missing !== undefined)(`MobileFaceNet with ReLU6 in ONNX${note}`, () => {
  it.each(files)('%s: our layers give what onnxruntime gives', async (name) => {
    const wanted = littleEndianFloats(readFileSync(join(folder, `${name}.wanted`)));
    const found = await embed(join(folder, `${name}.onnx`), true);
    expect(relativeDifference(found, wanted)).toBeLessThan(1e-5);
  });

  it.each(files)('%s converts to every format, and each of them gives the same', async (name) => {
    const path = join(folder, `${name}.onnx`);
    const wanted = littleEndianFloats(readFileSync(join(folder, `${name}.wanted`)));
    for (const to of ['onnx', 'mxnet', 'caffe', 'npz', 'folder']) {
      const format = modelFormatNamed(to);
      const target = join(folder, `${name}-to-${to}`, format.standardName);
      const conversion = {
        from: { format: modelFormatOf(path), path, options: { normalization } },
        to: { format, path: target, options: {} },
        ...{ slim: false, limit: 1e-5, seed: 1 },
      };
      const tools = { layers: () => Promise.resolve(backend), onnxruntime: onnxruntimeOnCpu(2) };
      const { outputs } = await convertModel(conversion, tools);
      expect([to, (outputs[0]?.relativeDifference ?? 1) < 1e-5]).toEqual([to, true]);
      const found = await embed(target, false);
      expect([to, relativeDifference(found, wanted) < 1e-5]).toEqual([to, true]);
    }
  });
});
