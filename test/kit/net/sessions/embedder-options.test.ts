import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import { Random } from '../../../../src/core/random.ts';
import { chosenNormalization } from '../../../../src/kit/net/exchange/normalization-presets.ts';
import { type EmbedderOptions, loadEmbedder } from '../../../../src/kit/net/sessions/embedder.ts';
import { onnxruntimeOnCpu } from '../../../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';
import { relativeDifference } from '../backends/compute-network.ts';

const folder = fileURLToPath(new URL('../../../fixtures/foreign-models/', import.meta.url));
const layers: EngineIdentity = { name: 'cpu', version: '4.22.0' };
const installed = onnxruntimeOnCpu(1);

type Options = Omit<EmbedderOptions, 'model' | 'engine' | 'threads'>;

async function embed(file: string, engine: EngineIdentity, options: Options): Promise<Float32Array> {
  const embedder = await loadEmbedder({ model: join(folder, file), engine, threads: 1, ...options });
  const pixels = new Uint8Array(3 * embedder.height * embedder.width);
  const random = new Random(5);
  for (let index = 0; index < pixels.length; index += 1) pixels[index] = random.integer(256);
  const rows = (await embedder.embed(pixels, 1)).slice();
  await embedder.dispose();
  return rows;
}

describe.runIf(installed.available)('what a file leaves open is the same by our layers and by onnxruntime', () => {
  const runtime = (): EngineIdentity => (installed.available ? installed.load().identity : expect.fail());

  it.each([
    ['three means and factors', 'relu6.onnx', { normalization: chosenNormalization('imagenet') }],
    [
      'three means and factors in BGR',
      'relu6.onnx',
      { normalization: { mean: [1, 20, 90], scale: [0.01, 0.02, 0.005], colorOrder: 'bgr' } },
    ],
    ['one of two outputs', 'adaface.onnx', { normalization: chosenNormalization('adaface-bgr'), output: 'out' }],
    [
      'the size of the images',
      'dyngap.onnx',
      { normalization: chosenNormalization('facenet'), input: { height: 96, width: 80 } },
    ],
  ] as const)('%s', async (_, file, options) => {
    const [ours, theirs] = [await embed(file, layers, options), await embed(file, runtime(), options)];
    expect(relativeDifference(ours, theirs)).toBeLessThan(1e-4);
  });

  it('a size that a file states is not another', async () => {
    const options = { normalization: chosenNormalization('facenet'), input: { height: 160, width: 160 } };
    for (const engine of [layers, runtime()]) {
      const [failure] = await failuresOf(() => embed('relu6.onnx', engine, options));
      expect(failure?.message).toMatch(/height.*(112.*160|160.*112)/);
    }
  });
});
