import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { conversionLines } from '../../../../src/kit/net/conversion/convert-by-name.ts';
import type { OnnxNode } from '../../../../src/kit/codec/onnx/onnx-messages.ts';
import { onnxModel } from '../../../../src/kit/codec/onnx/onnx-model.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import { onnxruntimeOnCpu } from '../../../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { Model } from '../../../../src/kit/net/model/model.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';
import { compareOutputs } from '../../../../src/kit/net/conversion/compare-outputs.ts';
import {
  type ComparisonEngines,
  convertModel,
  type ModelConversion,
} from '../../../../src/kit/net/conversion/convert-model.ts';
import { modelFormats } from '../../../../src/kit/net/exchange/index.ts';
import type { ModelFormat } from '../../../../src/kit/net/exchange/model-format.ts';
import { referenceEngine } from '../backends/engines.ts';
import { randomParameters, smallNetworks } from '../backends/small-networks.ts';

const work = mkdtempSync(join(tmpdir(), 'convert-'));
afterAll(() => {
  rmSync(work, { recursive: true });
});

const engines: ComparisonEngines = { layers: referenceEngine, onnxruntime: onnxruntimeOnCpu(1) };

/** Writes archives in which one value of one parameter is another by a thousandth. */
const careless: ModelFormat = {
  ...modelFormats.npz,
  write(path: string, model: Model) {
    const parameters = new Map(model.parameters);
    const [name = '', array] = [...parameters][0] ?? [];
    if (array === undefined) throw new Error('a network without parameters');
    parameters.set(name, {
      ...array,
      values: array.values.map((value, index) => (index === 0 ? value * 1.001 : value)),
    });
    modelFormats.npz.write(path, { ...model, parameters });
  },
};

/** Writes ONNX files whose output has another name than the layer. */
const renaming: ModelFormat = {
  ...modelFormats.onnx,
  write(path: string, model: Model) {
    modelFormats.onnx.write(path, model);
    const stored = decodeFile(onnxModel, path);
    const outputs = stored.graph.outputs.map((output) => ({ ...output, name: 'another' }));
    const nodes = [...stored.graph.nodes, { ...identity, inputs: [model.shaped.graph.outputs[0] ?? ''] }];
    writeFileSync(path, onnxModel.encode({ ...stored, graph: { ...stored.graph, nodes, outputs } }));
  },
};

const identity = { opType: 'Identity', outputs: ['another'], attributes: [] };

/** Makes numbers beyond those of 16 bits, and passes them through 16 bits. */
function beyondHalves(input: string): readonly OnnxNode[] {
  const numbers = { int32Data: [], int64Data: [], doubleData: [], externalData: [] };
  const large = { ...numbers, name: 'large', dims: [], dataType: 1, floatData: Float32Array.of(1e6) };
  const attribute = { floats: new Float32Array(0), ints: [], strings: [] };
  const cast = { opType: 'Cast' };
  return [
    {
      opType: 'Constant',
      outputs: ['large'],
      inputs: [],
      attributes: [{ ...attribute, name: 'value', type: 4, t: large }],
    },
    { opType: 'Mul', outputs: ['larger'], inputs: [input, 'large'], attributes: [] },
    { ...cast, outputs: ['half'], inputs: ['larger'], attributes: [{ ...attribute, name: 'to', type: 2, i: 10 }] },
    { ...cast, outputs: ['wide'], inputs: ['half'], attributes: [{ ...attribute, name: 'to', type: 2, i: 1 }] },
  ];
}

function conversionTo(format: ModelFormat, limit: number, factor = 1): ModelConversion {
  const graph = smallNetworks['convolution 3x3, padded'];
  if (graph === undefined) throw new Error('the small network has gone');
  const from = join(work, 'model');
  const drawn = [...randomParameters(graph, 1)];
  const parameters = new Map(
    drawn.map(([name, array]) => [name, { ...array, values: array.values.map((value) => value * factor) }] as const),
  );
  modelFormats.folder.write(from, { shaped: inferShapes(graph), parameters, origin: {} });
  return {
    from: { format: modelFormats.folder, path: from, options: {} },
    to: { format, path: join(work, `model${format.endings[0] ?? ''}`), options: {} },
    slim: false,
    limit,
    seed: 1,
  };
}

describe('a conversion', () => {
  it('of the same weights gives the same values', async () => {
    const { outputs } = await convertModel(conversionTo(modelFormats.npz, 0), engines);
    expect(outputs).toMatchObject([{ layer: 'layer', shape: [5, 9, 8], greatestDifference: 0, relativeDifference: 0 }]);
    expect(outputs[0]?.greatestValue).toBeGreaterThan(0);
  });

  it('that loses a thousandth of one weight is noticed and refused above the limit, naming the layer', async () => {
    const [output] = (await convertModel(conversionTo(careless, 1), engines)).outputs;
    expect(output?.relativeDifference).toBeGreaterThan(1e-6);
    await expect(convertModel(conversionTo(careless, 1e-7), engines)).rejects.toThrow(/other values for layer "layer"/);
  });

  it('to ONNX is also run by onnxruntime, which may find what our own reader does not', async () => {
    const { onnxruntime, outputs } = await convertModel(conversionTo(modelFormats.onnx, 1e-5), engines);
    expect(outputs).toMatchObject([{ layer: 'layer', shape: [5, 9, 8] }]);
    expect(onnxruntime).toMatchObject({ ran: true, outputs: [{ layer: 'layer', shape: [5, 9, 8] }] });
    await expect(convertModel(conversionTo(renaming, 1e-5), engines)).rejects.toThrow(
      /^what was written \(in onnxruntime .*\) has no values for layer "layer"$/,
    );
  });

  it('of an ONNX file that was read as something else fails, whatever was written of it', async () => {
    const conversion = conversionTo(modelFormats.npz, 1);
    const path = join(work, 'halves.onnx');
    modelFormats.onnx.write(path, modelFormats.folder.read(conversion.from.path));
    const stored = decodeFile(onnxModel, path);
    const outputs = stored.graph.outputs.map((output) => ({ ...output, name: 'wide' }));
    const nodes = [...stored.graph.nodes, ...beyondHalves(stored.graph.outputs[0]?.name ?? '')];
    writeFileSync(path, onnxModel.encode({ ...stored, graph: { ...stored.graph, nodes, outputs } }));
    const from = { format: modelFormats.onnx, path, options: {} };
    // onnxruntime has infinities, beyond the greatest number of 16 bits; our layers compute in 32.
    expect(await failuresOf(() => convertModel({ ...conversion, from }, engines))).toMatchObject([
      {
        code: 'reading-differs',
        message: expect.stringMatching(
          /^what was read of the file has other values for layer "larger": they differ by NaN .*, compared with what the file computes by onnxruntime /,
        ) as string,
      },
    ]);
  });

  it('to a format that is only read is refused', async () => {
    const onlyRead: ModelFormat & { write?: ModelFormat['write'] } = { ...modelFormats.npz };
    delete onlyRead.write;
    expect(await failuresOf(() => convertModel(conversionTo(onlyRead, 0), engines))).toEqual([
      {
        code: 'format-not-written',
        message: 'models are read from the format "npz", but not written to it',
        hint: 'Write one of folder, mxnet, caffe, onnx, npz, safetensors, tfjs.',
      },
    ]);
  });

  it('where there is no onnxruntime says so', async () => {
    const without = {
      ...engines,
      onnxruntime: { available: false, reason: 'the package onnxruntime-node is not installed' },
    } as const;
    const converted = await convertModel(conversionTo(modelFormats.onnx, 1e-5), without);
    expect(conversionLines(converted, { name: 'cpu', version: '1' })).toContain(
      'not run in onnxruntime: the package onnxruntime-node is not installed; npm install onnxruntime-node brings it',
    );
  });

  it('whose outputs are 0 everywhere shows nothing, which is no difference of 0', async () => {
    await expect(convertModel(conversionTo(modelFormats.npz, 1, 0), engines)).rejects.toThrow(
      'layer "layer" is 0 everywhere for random images, before and after (read again): the comparison shows nothing',
    );
  });
});

describe('outputs', () => {
  const graph = smallNetworks['convolution 3x3, padded'];
  if (graph === undefined) throw new Error('the small network has gone');
  const comparison = { shaped: inferShapes(graph), file: 'x', how: 'read again', limit: 1e-4 };
  const values = (...numbers: number[]): Float32Array[] => [Float32Array.from(numbers)];

  it.each<[string, readonly (Float32Array | undefined)[], readonly (Float32Array | undefined)[], RegExp]>([
    ['missing', values(1, 2), [], /no values for layer "layer"/],
    ['too many', values(1, 2), [...values(1, 2), ...values(1)], /2 outputs instead of 1 \(layer\)/],
    ['shorter', values(1, 2), values(1), /1 values for layer "layer" instead of 2/],
    ['all 0 after', values(1, 2), values(0, 0), /differ by 1\.00e\+0 of the greatest value/],
    ['all 0 before', values(0, 0), values(1, 2), /differ by Infinity/],
    ['all 0 on both sides', values(0, 0), values(0, 0), /0 everywhere/],
    ['no number on both sides', values(NaN, 1), values(NaN, 1), /differ by NaN/],
    ['no number after', values(2, 1), values(2, NaN), /differ by NaN/],
  ])('that are %s do not pass', (_, expected, found, message) => {
    expect(() => compareOutputs({ ...comparison, expected, found })).toThrow(message);
  });

  it('differ by the greatest distance, as a share of the greatest value', () => {
    const [output] = compareOutputs({ ...comparison, expected: values(-4, 2), found: values(-4, 2.5), limit: 1 });
    expect(output).toEqual({
      layer: 'layer',
      shape: [5, 9, 8],
      greatestValue: 4,
      greatestDifference: 0.5,
      relativeDifference: 0.125,
    });
  });
});
