import { existsSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { loadEmbedder } from '../../../src/kit/net/sessions/embedder.ts';
import { trainingEngine, installedOnnxruntime } from '../../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../../src/kit/net/backends/graph-executor.ts';
import { required } from '../../../src/kit/net/backends/tensors.ts';
import { modelFormatOf } from '../../../src/kit/net/exchange/choose-format.ts';
import { onnxBytes } from '../../../src/kit/net/exchange/onnx/write-onnx.ts';
import { otherEngines } from './backends/engines.ts';

const checkpoint = '../shared/data/models/mobilefacenet-y1/model-0000.params';
const side = 112;

/** Values of an image in planes, and the embedding that MXNet gives for it; specification (training.md), section 8. */
interface TestVector {
  readonly valueAt: (row: number, column: number, channel: number) => number;
  readonly begin: readonly number[];
  readonly norm: number;
}

const vectors: Readonly<Record<string, TestVector>> = {
  grey: {
    valueAt: () => 127.5,
    begin: [0.317739, 0.00589, 0.331827, 0.252509, -0.402753, 0.115107],
    norm: 3.0267,
  },
  ramps: {
    valueAt: (row, column, channel) => (2 * row + 3 * column + 50 * channel) % 256,
    begin: [0.299836, -0.042476, 0.004281, -0.236532, -0.363795, 0.242892],
    norm: 3.400302,
  },
};

const onnxruntime = installedOnnxruntime();
const engines = [
  trainingEngine('cpu').identity,
  ...otherEngines(),
  ...(onnxruntime.installed ? [onnxruntime.identity] : []),
];

function read() {
  return modelFormatOf(checkpoint).read(checkpoint, {});
}

/** NHWC or NCHW. */
function image({ valueAt }: TestVector, layout: 'nhwc' | 'nchw'): Float32Array {
  return Float32Array.from({ length: side * side * 3 }, (_, index) => {
    const channel = layout === 'nhwc' ? index % 3 : Math.floor(index / side / side);
    const pixel = layout === 'nhwc' ? Math.floor(index / 3) : index % (side * side);
    return valueAt(Math.floor(pixel / side), pixel % side, channel);
  });
}

async function embedOn(identity: (typeof engines)[number], vector: TestVector): Promise<Float32Array> {
  const { shaped, parameters } = read();
  if (identity.name === 'onnxruntime') {
    const session = await InferenceSession.create(onnxBytes({ shaped, parameters }));
    const data = new Tensor('float32', image(vector, 'nchw'), [1, 3, side, side]);
    return Object.values(await session.run({ data }))[0]?.data as Float32Array;
  }
  const engine = await loadBackend(identity, { threads: 1 });
  const network = new GraphExecutor(engine, shaped, parameters);
  const input = engine.tf.tensor4d(image(vector, 'nhwc'), [1, side, side, 3]);
  const [output] = network.infer(input);
  const embedding = Float32Array.from(required(output, 'the output').dataSync());
  network.dispose();
  return embedding;
}

function expectVector(embedding: Float32Array, { begin, norm }: TestVector): void {
  const difference = Math.max(...begin.map((wanted, index) => Math.abs(wanted - (embedding[index] ?? NaN))));
  expect(difference).toBeLessThan(1e-5);
  expect(Math.abs(Math.hypot(...embedding) - norm)).toBeLessThan(1e-5);
}

describe.skipIf(!existsSync(checkpoint))(`the authors' MobileFaceNet, imported (skipped without ${checkpoint})`, () => {
  describe.each(engines)('on $name', (identity) => {
    it.each(Object.keys(vectors))('embeds the image "%s" as in MXNet', async (name) => {
      const vector = required(vectors[name], name);
      expectVector(await embedOn(identity, vector), vector);
    });

    it('embeds bytes as in MXNet, as verification does', async () => {
      const vector = required(vectors['ramps'], 'ramps');
      const embedder = await loadEmbedder({ model: checkpoint, engine: identity, threads: 1 });
      expectVector(await embedder.embed(Uint8Array.from(image(vector, 'nhwc')), 1), vector);
      await embedder.dispose();
    });
  });
});
