import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, loadDetector, loadEmbedder, loadFaceModel, type RgbImage, similarity } from 'faceflow';
import { expect, describe, it } from 'vitest';
import { verificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { littleEndianFloats } from '../../src/kit/codec/little-endian-floats.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();
const prefix = '../shared/data/models/mobilefacenet-y1/model';
const model = `${prefix}-0000.params`;
const weights = '../shared/data/mtcnn';
const samples = '../shared/data/samples';
const faces = '../shared/data/lfw/aligned-112/Abel_Pacheco';
const lacks = [model, weights, samples, faces].find((path) => !existsSync(path));
const why = lacks === undefined ? note : ` (skipped: there is no ${lacks})`;

/** What deploy/face_embedding.py does from the aligned face on, and deploy/test.py prints: squared distance, then dot product. */
const embedInMxnet = `
import sys
import numpy as np, mxnet as mx
prefix, file = sys.argv[1:]
x = np.fromfile(file, dtype=np.uint8).reshape(-1, 112, 112, 3).transpose(0, 3, 1, 2).astype(np.float32)
symbol, arg, aux = mx.model.load_checkpoint(prefix, 0)
module = mx.mod.Module(symbol=symbol.get_internals()['fc1_output'], label_names=None, context=mx.cpu())
module.bind(data_shapes=[('data', x.shape)], for_training=False)
module.set_params(arg, aux)
module.forward(mx.io.DataBatch(data=[mx.nd.array(x)]), is_train=False)
e = module.get_outputs()[0].asnumpy()
e /= np.linalg.norm(e, axis=1, keepdims=True)
e.astype('<f4').tofile(file + '.vectors')
print(np.sum(np.square(e[0] - e[1])))
print(np.dot(e[0], e[1]))
`;

function inMxnet(name: string, crops: readonly RgbImage[]): { vectors: Float32Array; printed: number[] } {
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat(crops.map(({ data }) => data)));
  const printed = runPython(python, embedInMxnet, [prefix, file]).trim().split('\n').map(Number);
  return { vectors: littleEndianFloats(readFileSync(`${file}.vectors`)), printed };
}

describe.skipIf(missing !== undefined || lacks !== undefined)(
  `y1 as MXNet computes it${why}`,
  { timeout: 600_000 },
  () => {
    it('embeds the images of the samples within 1e-4', async () => {
      await using embedder = await loadEmbedder({ model, mirrored: false });
      await using detector = await loadDetector();
      const { images } = decodeFile(verificationSet, `${samples}/small_lfw.bin`);
      const crops = await Promise.all(images.map((bytes) => decodeImage(bytes)));
      for (const name of ['t1.jpg', 't2.jpg']) {
        const image = await decodeImage(readFileSync(`${samples}/${name}`));
        const [found = []] = await detector.detect([image]);
        crops.push(...found.map((face) => embedder.align(image, face)));
      }
      expect(crops.length).toBeGreaterThan(25);
      const own = await embedder.embed(crops);
      const { vectors } = inMxnet('samples', crops);
      const differences = own.flatMap((vector, row) =>
        Array.from(vector, (value, column) => Math.abs(value - (vectors[row * 128 + column] ?? NaN))),
      );
      expect(Math.max(...differences)).toBeLessThan(1e-4);
    });

    it("prints the numbers of the original's test program for two rough crops", async () => {
      await using faceModel = await loadFaceModel({ model, detectorWeights: weights });
      await using embedder = await loadEmbedder({ model, mirrored: false });
      const options = { refinePoints: true, greyImages: 'as-they-are' };
      await using detector = await loadDetector({ search: 'limited', weights, options });
      const images = await Promise.all(
        ['1', '4'].map((number) => decodeImage(readFileSync(`${faces}/Abel_Pacheco_000${number}.jpg`))),
      );
      const [one, other] = await Promise.all(images.map((image) => faceModel.getFeature(image)));
      if (one === undefined || other === undefined) throw new Error('both have a face');
      const crops = await Promise.all(
        images.map(async (image) => {
          const [[face] = []] = await detector.detect([image]);
          if (face === undefined) throw new Error('both have a face');
          return embedder.align(image, face);
        }),
      );
      const { printed } = inMxnet('two', crops);
      const alike = similarity(one, other);
      expect(Math.abs(alike - (printed[1] ?? NaN))).toBeLessThan(1e-4);
      expect(Math.abs(2 - 2 * alike - (printed[0] ?? NaN))).toBeLessThan(1e-4);
    });
  },
);
