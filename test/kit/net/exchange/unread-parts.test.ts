import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../../../src/kit/codec/onnx/onnx-messages.ts';
import { onnxModel } from '../../../../src/kit/codec/onnx/onnx-model.ts';
import { mxnetParams, type MxnetArray } from '../../../../src/kit/codec/mxnet/mxnet-params.ts';
import { mxnetSymbol } from '../../../../src/kit/codec/mxnet/mxnet-symbol.ts';
import { littleEndianBytes } from '../../../../src/kit/codec/little-endian-floats.ts';
import { mxnetFormat } from '../../../../src/kit/net/exchange/mxnet/mxnet-format.ts';
import { onnxFormat } from '../../../../src/kit/net/exchange/onnx/onnx-format.ts';
import { refusalOf } from '../../refusal.ts';

/*
 * Networks of two or three nodes, each with a part that a reader can pass over: more inputs or outputs than it takes,
 * attributes of another type, sizes that are not those of rows, and names that come twice.
 */
const normalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' } as const;
const folder = mkdtempSync(join(tmpdir(), 'passed-over-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const noNumbers = { floats: new Float32Array(0), ints: [], strings: [] } as const;

function attribute(name: string, more: Partial<OnnxAttribute>): OnnxAttribute {
  return { ...noNumbers, name, ...more };
}

function node(opType: string, inputs: readonly string[], more: Partial<OnnxNode> = {}): OnnxNode {
  return { opType, name: opType.toLowerCase(), inputs, outputs: ['y'], attributes: [], ...more };
}

function floats(name: string, dims: readonly number[], value = 1): OnnxTensor {
  const floatData = new Float32Array(dims.reduce((product, size) => product * size, 1)).fill(value);
  return { name, dims, dataType: 1, floatData, int32Data: [], int64Data: [], doubleData: [], externalData: [] };
}

function integers(name: string, values: readonly number[]): OnnxTensor {
  return { ...floats(name, []), dims: [values.length], dataType: 7, floatData: new Float32Array(0), int64Data: values };
}

const images = [undefined, 3, 8, 8];

/** What reading a file of these nodes ends with; `none` if it does not fail. The last node gives `y`. */
function onnxAnswer(nodes: readonly OnnxNode[], tensors: readonly OnnxTensor[], sizes = images): Promise<string> {
  const path = join(folder, 'model.onnx');
  const dimensions = sizes.map((value) => (value === undefined ? { parameter: 'N' } : { value }));
  const bytes = onnxModel.encode({
    irVersion: 7,
    opsetImport: [{ version: 12 }],
    metadata: [],
    graph: {
      nodes,
      initializers: tensors,
      inputs: [{ name: 'x', type: { tensorType: { elementType: 1, shape: { dimensions } } } }],
      outputs: [{ name: 'y' }],
      valueInfo: [],
    },
  });
  writeFileSync(path, bytes);
  return refusalOf(() => onnxFormat.read(path, { normalization }));
}

const before = node('Relu', ['x'], { outputs: ['r'] });
const statistics = ['g', 'b', 'm', 'v'].map((name) => floats(name, [3]));
const normalized = node('BatchNormalization', ['x', 'g', 'b', 'm', 'v']);

describe('of an ONNX file', () => {
  it('the networks themselves are read', async () => {
    expect(await onnxAnswer([normalized], statistics)).toBe('none');
    expect(await onnxAnswer([node('Dropout', ['x', 'ratio'])], [floats('ratio', [], 0.5)])).toBe('none');
    expect(await onnxAnswer([node('Reshape', ['x', 's'])], [integers('s', [1, -1])])).toBe('none');
    expect(await onnxAnswer([node('Reshape', ['x', 's'])], [integers('s', [4, -1])], [4, 3, 8, 8])).toBe('none');
    expect(await onnxAnswer([before, node('Add', ['r', 'c'])], [floats('c', [1, 3, 1, 1])])).toBe('none');
    expect(await onnxAnswer([before, node('Add', ['r', 'c'])], [floats('c', [1])])).toBe('none');
  });

  it.each([
    [
      'a dropout that is on',
      [node('Dropout', ['x', 'ratio', 'on'])],
      [floats('ratio', [], 0.5), { ...floats('on', []), dataType: 9, int32Data: [1] }],
      'node "dropout" (Dropout) must have training_mode 0',
    ],
    [
      'statistics of the batch as outputs',
      [{ ...normalized, outputs: ['y', 'mean', 'var', 'saved_mean', 'saved_var'] }],
      statistics,
      'node "batchnormalization" (BatchNormalization) must have one output',
    ],
    [
      'an input that no reader takes',
      [{ ...node('Relu', ['x', 'c']) }],
      [floats('c', [1])],
      'node "relu" (Relu) must have no input 1',
    ],
    [
      'epsilon as an integer',
      [{ ...normalized, attributes: [attribute('epsilon', { i: 1, type: 2 })] }],
      statistics,
      'must have attribute "epsilon" of type float',
    ],
    [
      'an attribute twice',
      [{ ...normalized, attributes: [1e-5, 1e-3].map((f) => attribute('epsilon', { f, type: 1 })) }],
      statistics,
      'must have attribute "epsilon" once',
    ],
    [
      'rows of parts of images',
      [node('Reshape', ['x', 's'])],
      [integers('s', [64, -1])],
      'node "reshape" (Reshape) must have a row for each image, found 64 rows',
    ],
    [
      'parts that leave channels out',
      [
        node('Split', ['x'], {
          outputs: ['y', 'z'],
          attributes: [attribute('axis', { i: 1, type: 2 }), attribute('split', { ints: [1, 1], type: 7 })],
        }),
      ],
      [],
      'node "split" (Split) must have parts that make its 3 channels, found 2',
    ],
    [
      'equal numbers that make a value larger',
      [before, node('Add', ['r', 'c'])],
      [floats('c', [5, 1, 3, 1, 1])],
      'must have a scalar or one number for each channel as constant',
    ],
    [
      'a convolution that dilation makes too large',
      [node('Conv', ['x', 'w'], { attributes: [attribute('dilations', { ints: [1, 2 ** 30], type: 7 })] })],
      [floats('w', [3, 3, 3, 3])],
      'node "conv" (Conv) must have dilations and pads that make at most 268435456 weights',
    ],
    [
      'a convolution that padding on one side makes too large',
      [node('Conv', ['x', 'w'], { attributes: [attribute('pads', { ints: [0, 0, 0, 2 ** 30], type: 7 })] })],
      [floats('w', [3, 3, 3, 3])],
      'node "conv" (Conv) must have dilations and pads that make at most 268435456 weights',
    ],
    ['two constants of one name', [normalized], [...statistics, floats('g', [3], 2)], 'two values are called "g"'],
    [
      'two values of one name',
      [node('Relu', ['x']), node('Sigmoid', ['x'])],
      [],
      'damaged-file: two values are called "y"',
    ],
  ] as const)('%s is refused by name', async (_, nodes, tensors, expected) => {
    expect(await onnxAnswer(nodes, tensors)).toContain(expected);
  });
});

describe('of a checkpoint of MXNet', () => {
  const prefix = join(folder, 'net');
  const array = (name: string): MxnetArray => ({
    name,
    version: 2,
    shape: [3],
    type: 'float32',
    device: { type: 1, id: 0 },
    data: littleEndianBytes(Float32Array.of(0.1, 0.2, 0.3)),
  });

  function answer(shape: string, names: readonly string[]): Promise<string> {
    const variable = (name: string) => ({ op: 'null', name, attrs: {}, inputs: [] });
    const from = (node: number) => ({ node, output: 0, version: 0 });
    const nodes = [
      variable('data'),
      variable('slope'),
      { op: 'LeakyReLU', name: 'act', attrs: { act_type: 'prelu' }, inputs: [from(0), from(1)] },
      { op: 'Reshape', name: 'rows', attrs: { shape }, inputs: [from(2)] },
    ];
    writeFileSync(`${prefix}-symbol.json`, mxnetSymbol.encode({ nodes, argNodes: [0, 1], heads: [from(3)] }));
    writeFileSync(`${prefix}-0000.params`, mxnetParams.encode(names.map(array)));
    return refusalOf(() => mxnetFormat.read(prefix, { normalization }));
  }

  it('rows of parts of images, and two arrays of one name, are refused by name', async () => {
    expect(await answer('(0, -1)', ['arg:slope'])).toBe('none');
    expect(await answer('(64, -1)', ['arg:slope'])).toContain(
      'node "rows" (Reshape) must have shape that begins with 0',
    );
    expect(await answer('(0, -1)', ['arg:slope', 'aux:slope'])).toBe('damaged-file: two arrays are called "slope"');
    expect(await answer('(0, -1)', ['arg:slope', 'arg:slope'])).toBe('damaged-file: two arrays are called "arg:slope"');
  });
});
