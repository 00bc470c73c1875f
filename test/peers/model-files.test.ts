import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawnModel } from '../../bench/drawn-model.ts';
import { littleEndianBytes } from '../../src/kit/codec/little-endian-floats.ts';
import { mxnetParams, toFloat32 } from '../../src/kit/codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { buildNetwork, chooseNetwork, type NetworkChoice } from '../../src/kit/net/backbones/index.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../src/kit/net/backends/graph-executor.ts';
import type { ParameterizedGraph } from '../../src/kit/net/model/model.ts';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { modelFormats } from '../../src/kit/net/exchange/index.ts';
import { onnxBytes } from '../../src/kit/net/exchange/onnx/write-onnx.ts';
import { relativeDifference } from '../kit/net/backends/compute-network.ts';
import { randomValues, smallNetworks } from '../kit/net/backends/small-networks.ts';
import { preparePeer } from './python.ts';

const { python, folder, missing, note } = preparePeer();

let engine: Backend;
beforeAll(async () => {
  engine = await loadBackend(trainingEngine().identity, { threads: 2 });
});

const batch = 2;

/** Float32 in one order of summation against another, through up to a hundred layers. */
const tolerance = 1e-4;

/** Outputs in NCHW of images in NCHW, by name. */
function computeHere({ shaped, parameters }: ParameterizedGraph, images: Float32Array): Map<string, Float32Array> {
  const { tf } = engine;
  const { channels, height, width } = shaped.graph.input;
  const network = new GraphExecutor(engine, shaped, parameters);
  const outputs = tf.tidy(() => {
    const input = tf.transpose(tf.tensor4d(images, [batch, channels, height, width]), [0, 2, 3, 1]);
    return network
      .infer(input)
      .map((output) => (output.rank === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output))
      .map((output) => Float32Array.from(output.dataSync()));
  });
  network.dispose();
  return new Map(shaped.graph.outputs.map((name, index) => [name, outputs[index] ?? new Float32Array()]));
}

interface WrittenModel {
  readonly model: ParameterizedGraph;
  readonly images: Float32Array;
  readonly prefix: string;
  readonly paths: { readonly onnx: string; readonly data: string; readonly result: string };
}

function write(name: string, graph: Graph): WrittenModel {
  const model = drawnModel(graph, 11);
  const { channels, height, width } = graph.input;
  const images = randomValues(batch * channels * height * width, 5).map((value) => 127.5 + 50 * value);
  const prefix = join(folder, name.replaceAll(/[^\w]+/g, '-'));
  const paths = { onnx: `${prefix}.onnx`, data: `${prefix}.data`, result: `${prefix}.result` };
  modelFormats.mxnet.write(prefix, { ...model, origin: {} }, {});
  writeFileSync(paths.onnx, onnxBytes(model));
  const shape = [batch, channels, height, width];
  const device = { type: 1, id: 0 };
  const data = littleEndianBytes(images);
  writeFileSync(paths.data, mxnetParams.encode([{ name: 'data', version: 2, shape, type: 'float32', device, data }]));
  return { model, images, prefix, paths };
}

/** Runs the files in MXNet and onnxruntime, all in one process: Python takes seconds to start. */
function runThere(models: readonly WrittenModel[]): void {
  const script = join(import.meta.dirname, '../../bench/peers/model_files.py');
  const args = models.flatMap(({ prefix, paths: { onnx, data, result } }) => [prefix, onnx, data, result]);
  execFileSync(python, [script, ...args], { stdio: 'pipe' });
}

/** What is wrong with the results of the other programs, and with what MXNet saved; nothing, if all is well. */
function problemsOf({ model, images, prefix, paths }: WrittenModel): string[] {
  const results = new Map(decodeFile(mxnetParams, paths.result).map((array) => [array.name, toFloat32(array)]));
  const problems = [...computeHere(model, images)].flatMap(([output, values]) =>
    ['mxnet', 'onnxruntime'].flatMap((program) => {
      const difference = relativeDifference(results.get(`${program} ${output}`) ?? new Float32Array(), values);
      return difference < tolerance ? [] : [`${prefix}: ${output} in ${program} differs by ${difference}`];
    }),
  );
  for (const written of [prefix, `${prefix}-again`]) {
    const again = modelFormats.mxnet.read(written, { input: model.shaped.graph.input });
    // MXNet saves the nodes in an order of its own.
    expect(byName(again.shaped.graph)).toEqual(byName(model.shaped.graph));
    problems.push(...differing(again, model).map((name) => `${written}: ${name} is another`));
  }
  for (const path of [`${prefix}-0000.params`, `${prefix}-again-0000.params`, paths.onnx]) rmSync(path);
  return problems;
}

function byName(graph: Graph): unknown {
  return { ...graph, layers: Object.fromEntries(graph.layers.map((layer) => [layer.name, layer])) };
}

/** Names of the arrays that are not the same bytes; the equality of the test runner takes minutes for ten million numbers. */
function differing(found: ParameterizedGraph, wanted: ParameterizedGraph): string[] {
  const names = new Set([...found.parameters.keys(), ...wanted.parameters.keys()]);
  const bytes = ({ parameters }: ParameterizedGraph, name: string): Uint8Array => {
    const array = parameters.get(name);
    return array === undefined ? new Uint8Array(1) : littleEndianBytes(array.values);
  };
  return [...names].filter((name) => Buffer.compare(bytes(found, name), bytes(wanted, name)) !== 0);
}

function network(choice: NetworkChoice, side = 112): Graph {
  return buildNetwork(choice, { height: side, width: side });
}

/** At least one of each family, and each way to build a unit or a head. */
const networks = {
  y1: network(chooseNetwork('y1')),
  r18: network(chooseNetwork('r18', { embeddingSize: 64 }), 64),
  'r18 with GNAP': network(chooseNetwork('r18', { head: 'GNAP' }), 64),
  'r18 with GDC': network(chooseNetwork('r18', { head: 'GDC' }), 64),
  'r18 post-activation, squeezed': network(
    chooseNetwork('r18', { unit: 'post-activation', squeezeExcitation: true, head: 'DX', earlyDownsampling: true }),
    64,
  ),
  'r18 pre-activation, tanh': network(
    chooseNetwork('r18', { unit: 'pre-activation', activation: 'tanh', head: 'A' }),
    64,
  ),
  'r101 resnext': network(chooseNetwork('r101', { unit: 'resnext', embeddingSize: 64 }), 48),
  m1: network(chooseNetwork('m1', { embeddingSize: 64 }), 64),
  m2: network(chooseNetwork('m2', { embeddingSize: 64 }), 64),
  d121: network(chooseNetwork('d121', { embeddingSize: 64 }), 64),
  p68: network(chooseNetwork('p68', { embeddingSize: 64 }), 64),
  i2: network(chooseNetwork('i2', { embeddingSize: 64 }), 80),
  s20: network(chooseNetwork('s20', { embeddingSize: 64 }), 64),
};

describe.skipIf(missing !== undefined)(`model files in MXNet 1.9.1 and onnxruntime${note}`, () => {
  it.each(Object.entries(networks))('%s: same embedding, and MXNet saves what was written', (name, graph) => {
    const written = write(name, graph);
    runThere([written]);
    expect(problemsOf(written)).toEqual([]);
  });

  it('every layer, in every way to compute it: same values, and MXNet saves what was written', () => {
    const written = Object.entries(smallNetworks).map(([name, graph]) => write(name, graph));
    runThere(written);
    expect(written.flatMap(problemsOf)).toEqual([]);
  });
});
