import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawnModel } from '../../bench/drawn-model.ts';
import { littleEndianBytes, littleEndianFloats } from '../../src/kit/codec/little-endian-floats.ts';
import { buildNetwork, chooseNetwork, type NetworkChoice } from '../../src/kit/net/backbones/index.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../src/kit/net/backends/graph-executor.ts';
import type { ParameterizedGraph } from '../../src/kit/net/model/model.ts';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { caffeFormat } from '../../src/kit/net/exchange/caffe/caffe-format.ts';
import { relativeDifference } from '../kit/net/backends/compute-network.ts';
import { randomValues } from '../kit/net/backends/small-networks.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

let engine: Backend;
beforeAll(async () => {
  engine = await loadBackend(trainingEngine().identity, { threads: 2 });
});

/** Runs a network of Caffe in OpenCV's dnn module, which reads Caffe's files by a reader of its own. */
const runInOpencv = `
import sys
import cv2, numpy
prefix, height, width, normalization = sys.argv[1:]
pixels = numpy.fromfile(prefix + '.pixels', numpy.float32).reshape(2, 3, int(height), int(width))
net = cv2.dnn.readNetFromCaffe(prefix + '.prototxt', prefix + '.caffemodel')
net.setInput((pixels - 127.5) * 0.0078125 if normalization == 'outside' else pixels)
net.forward().astype(numpy.float32).tofile(prefix + '.result')
`;

/** The embeddings of two images in NCHW. */
function embedHere({ shaped, parameters }: ParameterizedGraph, pixels: Float32Array): Float32Array {
  const { tf } = engine;
  const { channels, height, width } = shaped.graph.input;
  const network = new GraphExecutor(engine, shaped, parameters);
  const values = tf.tidy(() => {
    const images = tf.transpose(tf.tensor4d(pixels, [2, channels, height, width]), [0, 2, 3, 1]);
    return Float32Array.from(network.infer(images)[0]?.dataSync() ?? []);
  });
  network.dispose();
  return values;
}

function embedInOpencv(
  name: string,
  model: ParameterizedGraph,
  pixels: Float32Array,
  normalization: 'inside' | 'outside',
): Float32Array {
  const prefix = join(folder, name.replaceAll(/[^\w]+/g, '-'));
  const { height, width } = model.shaped.graph.input;
  caffeFormat.write(`${prefix}.caffemodel`, { ...model, origin: {} }, { normalization });
  writeFileSync(`${prefix}.pixels`, littleEndianBytes(pixels));
  runPython(python, runInOpencv, [prefix, String(height), String(width), normalization]);
  const result = littleEndianFloats(Uint8Array.from(readFileSync(`${prefix}.result`)));
  rmSync(`${prefix}.caffemodel`);
  return result;
}

function network(choice: NetworkChoice, side = 112): Graph {
  return buildNetwork(choice, { height: side, width: side });
}

/**
 * At least one of each family that Caffe can express but Inception-ResNet, whose poolings round down: OpenCV 4.7 does not
 * know BVLC Caffe's word for it (round_mode). Its way to Caffe and back is tested in test/kit/net/exchange.
 */
const networks = {
  y1: network(chooseNetwork('y1')),
  r18: network(chooseNetwork('r18')),
  r50: network(chooseNetwork('r50')),
  'r18 with GDC': network(chooseNetwork('r18', { head: 'GDC' }), 64),
  'r18 post-activation, squeezed, rows at the end': network(
    chooseNetwork('r18', { unit: 'post-activation', squeezeExcitation: true, head: 'DX' }),
    64,
  ),
  'r18 pre-activation, tanh, pooled': network(
    chooseNetwork('r18', { unit: 'pre-activation', activation: 'tanh', head: 'A' }),
    64,
  ),
  'r101 resnext': network(chooseNetwork('r101', { unit: 'resnext', embeddingSize: 64 }), 48),
  // OpenCV 4.7 answers differently each time where a depthwise convolution of stride 2 has a map of 8 x 8: not at 64 x 64.
  m1: network(chooseNetwork('m1', { embeddingSize: 64 }), 112),
  m2: network(chooseNetwork('m2', { embeddingSize: 64 }), 112),
  d121: network(chooseNetwork('d121', { embeddingSize: 64 }), 64),
  p68: network(chooseNetwork('p68', { embeddingSize: 64 }), 64),
  s20: network(chooseNetwork('s20', { embeddingSize: 64 }), 112),
};

describe.skipIf(missing !== undefined)(`Caffe files in OpenCV 4.7${note}`, () => {
  it.each(Object.entries(networks))('%s: same embedding', (name, graph) => {
    const model = drawnModel(graph, 11);
    const { channels, height, width } = graph.input;
    const pixels = randomValues(2 * channels * height * width, 5).map((value) => 127.5 + 50 * value);
    const wanted = embedHere(model, pixels);
    const ways = name === 'y1' ? (['outside', 'inside'] as const) : (['outside'] as const);
    for (const normalization of ways) {
      const found = embedInOpencv(name, model, pixels, normalization);
      expect(relativeDifference(found, wanted), `normalization ${normalization}`).toBeLessThan(1e-4);
    }
  });
});
