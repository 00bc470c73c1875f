import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnModel } from '../../bench/drawn-model.ts';
import { Cursor } from '../../src/kit/codec/cursor.ts';
import { littleEndianBytes } from '../../src/kit/codec/little-endian-floats.ts';
import { npz } from '../../src/kit/codec/numpy/npz.ts';
import { type OnnxModel, onnxModel } from '../../src/kit/codec/onnx/onnx-model.ts';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { GraphBuilder } from '../../src/kit/net/graph/graph-builder.ts';
import type { Model } from '../../src/kit/net/model/model.ts';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { modelFormatNamed } from '../../src/kit/net/exchange/choose-format.ts';
import { onnxBytes } from '../../src/kit/net/exchange/onnx/write-onnx.ts';
import { smallNetworks } from '../kit/net/backends/small-networks.ts';
import { cleaned, complaint, failuresOfStages, type StageCall } from './printed-failures.ts';
import { Rig } from './rig.ts';

/** Failures of models and of their conversion, as one run of them all, or `flow convert`, prints them. */
let rig: Rig;
let printed: ReadonlyMap<string, string>;

const onnxruntime = installedOnnxruntime();
const reason = onnxruntime.installed ? '' : ` (skipped: ${onnxruntime.reason})`;

const converting = (model: string, more: object = {}): StageCall => ({
  uses: 'convert',
  with: { model, to: 'npz', ...more },
});
const preload = new URL('../fixtures/preload/kill-at.mjs', import.meta.url).href;
const usual = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' };

const stages: Readonly<Record<string, StageCall>> = {
  'conversion-differs': converting('drawn', { to: 'onnx', limit: 0 }),
  'conversion-shows-nothing': converting('silent'),
  'negative-variance': converting('negative'),
  'no-graph': converting('arrays.npz'),
  'unsupported-tensor': converting('doubles.npz'),
  'unsupported-tensor-elsewhere': converting('elsewhere.onnx'),
  'unsupported-input': converting('flat.onnx'),
  'normalization-unknown': converting('unsaid.onnx'),
  'normalization-not-taken': converting('normalizing.onnx', { normalization: usual }),
};

beforeAll(async () => {
  rig = new Rig();
  const drawn = modelOf(smallNetworks['convolution 3x3, padded']);
  write('folder', 'drawn', drawn);
  const silent = modelOf(smallNetworks['convolution 3x3, padded']);
  for (const { values } of silent.parameters.values()) values.fill(0);
  write('folder', 'silent', silent);
  const negative = modelOf(networkOf((builder) => normalized(builder)));
  negative.parameters.get('bn_moving_var')?.values.fill(-1, 1);
  write('folder', 'negative', negative);
  const plain = { fortranOrder: false, compressed: false, shape: [2] } as const;
  const floats = { ...plain, name: 'fc1_weight', type: '<f4', data: littleEndianBytes(new Float32Array(2)) };
  const doubles = { ...plain, name: 'fc1_weight', type: '<f8', data: new Uint8Array(16) };
  const graph = Buffer.from(JSON.stringify(drawn.shaped.graph));
  const text = { ...plain, name: 'graph.json', type: `|S${graph.length}`, shape: [], data: graph };
  writeFileSync(rig.path('arrays.npz'), npz.encode([floats]));
  writeFileSync(rig.path('doubles.npz'), npz.encode([doubles, text]));
  foreign('elsewhere.onnx', drawn, ({ graph: { initializers } }) => {
    return { initializers: initializers.map((tensor) => ({ ...tensor, dataLocation: 1 })) };
  });
  foreign('flat.onnx', drawn, ({ graph: { inputs } }) => {
    const shape = { dimensions: [{ value: 1 }, { value: 300 }] };
    return { inputs: inputs.map((input) => ({ ...input, type: { tensorType: { elementType: 1, shape } } })) };
  });
  foreign('unsaid.onnx', drawn);
  foreign('normalizing.onnx', modelOf(networkOf((builder) => dense(builder, shifted(builder)))));
  printed = await failuresOfStages(rig, stages);
}, 60_000);

afterAll(async () => {
  await rig.dispose();
});

function modelOf(graph: Graph | undefined): Model {
  if (graph === undefined) throw new Error('the small network has gone');
  return { ...drawnModel(graph, 3), origin: {} };
}

function networkOf(layers: (builder: GraphBuilder) => string): Graph {
  const builder = new GraphBuilder();
  return builder.build({ channels: 3, height: 4, width: 4 }, layers(builder));
}

function normalized(builder: GraphBuilder): string {
  const attributes = { epsilon: 1e-3, momentum: 0.9, fixGamma: false };
  return builder.add('batch-normalization', 'bn', builder.data, attributes);
}

function shifted(builder: GraphBuilder): string {
  return builder.add('minus-scalar', 'minus', builder.data, { scalar: 127.5 });
}

function dense(builder: GraphBuilder, input: string): string {
  return builder.add('fully-connected', 'fc1', input, { units: 2, bias: false });
}

function write(format: string, path: string, model: Model): void {
  modelFormatNamed(format).write?.(rig.path(path), model, {});
}

/** Writes an ONNX file as another program could have written it, with another graph where that is given. */
function foreign(
  path: string,
  model: Model,
  change: (model: OnnxModel) => Partial<OnnxModel['graph']> = () => ({}),
): void {
  const decoded = onnxModel.decode(new Cursor(onnxBytes(model, { input: 'planes' }), path));
  const graph = { ...decoded.graph, ...change(decoded) };
  writeFileSync(rig.path(path), onnxModel.encode({ ...decoded, producerName: 'pytorch', graph }));
}

describe('of models', () => {
  it('negative-variance', () => {
    expect(printed.get('negative-variance')).toMatchInlineSnapshot(`
      "<workspace>/negative/parameters.bin: negative-variance: value 1 of parameter "bn_moving_var" of layer "bn" is -1; a variance is 0 or more
        The file is damaged, or holds something else in the place of the variances."
    `);
  });
  it('no-graph', () => {
    expect(printed.get('no-graph')).toMatchInlineSnapshot(`
      "<workspace>/arrays.npz: no-graph: expected an array "graph.json" with the graph; the file holds arrays only
        Arrays do not tell how the layers are connected: convert the model that they were taken from."
    `);
  });
  it('unsupported-tensor', () => {
    expect(printed.get('unsupported-tensor')).toMatchInlineSnapshot(`
      "<workspace>/doubles.npz: unsupported-tensor: array "fc1_weight" must be of float32 ("<f4"), row by row; found "<f8"
        Store it again: numpy.ascontiguousarray(array, 'float32')."
    `);
  });
  it('unsupported-tensor-elsewhere', () => {
    expect(printed.get('unsupported-tensor-elsewhere')).toMatchInlineSnapshot(`
      "<workspace>/elsewhere.onnx: unsupported-tensor: tensor "before_weight" is stored in another file, whose name is missing
        The file with the weights belongs beside the model, under the name and with the content it was saved with."
    `);
  });
  it('unsupported-input', () => {
    expect(printed.get('unsupported-input')).toMatchInlineSnapshot(
      `"<workspace>/flat.onnx: unsupported-input: expected input "data" to be images of four dimensions, found 2"`,
    );
  });
  it('normalization-unknown', () => {
    expect(printed.get('normalization-unknown')).toMatchInlineSnapshot(`
      "<workspace>/unsaid.onnx: normalization-unknown: layer "before" takes the pixels as they come, and the file does not state their normalisation
        Set it: the stage parameter "normalization", or --mean and --scale. ArcFace models of today expect mean 127.5, scale 0.00784313725; mean 0, scale 1 takes 0..255 as they are."
    `);
  });
  it('normalization-not-taken', () => {
    expect(printed.get('normalization-not-taken')).toMatchInlineSnapshot(`
      "<workspace>/normalizing.onnx: normalization-not-taken: layer "minus" (minus-scalar) normalises the pixels; a normalisation before it would be a second one
        Leave mean and scale out: the network takes 0..255 as they are."
    `);
  });
});

describe('of conversion', () => {
  it.skipIf(reason !== '')(`conversion-differs${reason}`, () => {
    // How large the difference is depends on the processor.
    const text = printed.get('conversion-differs')?.replace(/\d\.\d+e-\d+/, '<difference>');
    expect(text?.replace(/onnxruntime [\w.-]+/, 'onnxruntime <version>')).toMatchInlineSnapshot(`
      "conversion-differs/model/model.onnx: conversion-differs: what was written (in onnxruntime <version>) has other values for layer "layer": they differ by <difference> of the greatest value, more than 0
        Do not use it, unless rounding explains so much: then accept it by "limit" (--limit)."
    `);
  });
  it('conversion-shows-nothing', () => {
    expect(printed.get('conversion-shows-nothing')).toMatchInlineSnapshot(`
      "conversion-shows-nothing/model/model.npz: conversion-shows-nothing: layer "layer" is 0 everywhere for random images, before and after (read again): the comparison shows nothing
        Weights that are all 0, or activations that let nothing through. The written files stay, for inspection."
    `);
  });

  it('bad-target', async () => {
    rig.write('file', '');
    mkdirSync(rig.path('taken.npz'));
    const texts = [
      await complaint(rig, 'convert', 'drawn', 'drawn/'),
      await complaint(rig, 'convert', 'drawn', 'file/'),
      await complaint(rig, 'convert', 'drawn', 'taken.npz'),
    ];
    expect(texts.join('\n')).toMatchInlineSnapshot(`
      "<workspace>/drawn/model.json: bad-target: expected another place for the model to be written, found the one that is read
        Choose another name or folder.
      <workspace>/file: bad-target: expected a folder to write to, found a file
        Remove it, or write elsewhere.
      <workspace>/taken.npz: bad-target: expected the name of a file of the format "npz" to be written, found a folder
        With a slash at its end the model goes into that folder, as model.npz."
    `);
  });
  it('conversion-ended', async () => {
    const environment = { KILL_AT: 'renameSync:before:1', NODE_OPTIONS: `--import=${preload}` };
    const { code, stderr } = await rig.flow(['convert', 'drawn', 'new.npz'], environment);
    expect({ code, stderr: cleaned(rig, stderr) }).toMatchInlineSnapshot(`
      {
        "code": 2,
        "stderr": "conversion-ended: the process that converts was ended by SIGKILL
        The kernel does so when memory runs out: a conversion needs a few times the size of the model.",
      }
    `);
  });
});

it('half a normalisation is refused before anything runs', async () => {
  const half = { uses: 'convert', with: { model: 'drawn', to: 'npz', normalization: { colorOrder: 'bgr' } } };
  rig.write('half.yaml', JSON.stringify({ name: 'half', stages: { half } }));
  const { code, stderr } = await rig.flow(['run', 'half.yaml']);
  expect({ code, missing: stderr.match(/missing-param: .*/g) }).toEqual({
    code: 2,
    missing: ['mean', 'scale'].map(
      (name) => `missing-param: "normalization" of stage "half" needs the parameter "${name}"`,
    ),
  });
});

describe('of files', () => {
  it('damaged-manifest', async () => {
    const entry = { name: 'pnet/conv1/weights', shape: [3, 3, 3, 10], dtype: 'int4' };
    const manifest = [{ paths: ['weights'], weights: [entry] }];
    rig.write('mtcnn-weights_manifest.json', JSON.stringify(manifest));
    rig.write('weights', '');
    expect(await complaint(rig, 'convert', 'mtcnn-weights_manifest.json#pnet', 'new/')).toMatchInlineSnapshot(`
      "<workspace>/mtcnn-weights_manifest.json: damaged-manifest: expected the elements of "pnet/conv1/weights" to be float32, int32, uint8 or uint16, found int4
        Export the model without quantization, or with one of these."
    `);
  });
  it('damaged-graph-model and layers-model', async () => {
    const model = (topology: object, weightsManifest: unknown = []): string => {
      return JSON.stringify({ modelTopology: topology, weightsManifest });
    };
    const told = async (content: string): Promise<string> => {
      rig.write('tfjs/model.json', content);
      return complaint(rig, 'convert', 'tfjs', 'new.npz');
    };
    const texts = [
      await told(model({ node: [{ name: 'x' }] })),
      await told(model({ node: [] }, [{ paths: 'weights.bin' }])),
      await told(model({ model_config: {} })),
    ];
    expect(texts.join('\n')).toMatchInlineSnapshot(`
      "<workspace>/tfjs/model.json: offset 0: damaged-graph-model: expected modelTopology.node[0] to have a name and an op
      <workspace>/tfjs/model.json: offset 0: damaged-graph-model: expected weightsManifest[0].paths to be a list of names
      <workspace>/tfjs/model.json: layers-model: expected a graph model of TensorFlow.js, found a layers model
        Convert it with tensorflowjs_converter --input_format=tfjs_layers_model --output_format=tfjs_graph_model, or convert what it was made of."
    `);
  });
  it('file-too-large', async () => {
    rig.write('large.npz', '');
    // No block of it is stored.
    truncateSync(rig.path('large.npz'), 2 ** 31);
    expect(await complaint(rig, 'convert', 'large.npz', 'new/')).toMatchInlineSnapshot(`
      "<workspace>/large.npz: file-too-large: expected a NumPy archive (.npz) of less than 2.0 GiB, since it is read at once; found one of 2.0 GiB
        Split it into several files."
    `);
  });
});
