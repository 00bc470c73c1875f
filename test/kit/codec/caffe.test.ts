import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { layersOfNet, shapeOfBlob, valuesOfBlob } from '../../../src/kit/codec/caffe/layers-of-net.ts';
import { netOfText, textOfNet } from '../../../src/kit/codec/caffe/net-text.ts';
import { caffemodel } from '../../../src/kit/codec/caffe/caffemodel.ts';
import { Cursor } from '../../../src/kit/codec/cursor.ts';
import { prototxt } from '../../../src/kit/codec/caffe/prototxt.ts';
import { decodeFile } from '../../../src/kit/codec/read-file.ts';
import { failuresOf } from '../dataset/tiny-faces.ts';

const golden = 'test/kit/codec/golden';
const readText = (text: string) => prototxt.decode(new Cursor(Buffer.from(text), 'net.prototxt'));
const readNet = (text: string) => netOfText(readText(text), 'net.prototxt');
const ramp = (count: number, first: number): number[] => Array.from({ length: count }, (_, index) => first + index / 8);

describe('a .caffemodel', () => {
  it.each(['caffe', 'caffe-unpacked'])('decodes the weights that Google’s encoder wrote (%s)', (name) => {
    const layers = layersOfNet(decodeFile(caffemodel, `${golden}/${name}.caffemodel`));
    const blobs = new Map(layers.map((layer) => [layer.name, layer.blobs ?? []]));
    const conv = blobs.get('conv') ?? [];
    expect(conv.map(shapeOfBlob)).toEqual([[2, 1, 2, 2], [2]]);
    expect(conv.map((blob) => [...valuesOfBlob(blob)])).toEqual([ramp(8, -0.5), ramp(2, 1)]);
    expect([...valuesOfBlob(blobs.get('fc')?.[0] ?? {})]).toEqual(ramp(36, -2));
  });

  it('shows layers of the first generation in the form of the second, four-sided shapes and doubles included', () => {
    const layers = layersOfNet(decodeFile(caffemodel, `${golden}/caffe-v1.caffemodel`));
    expect(layers.map(({ type }) => type)).toEqual(['Convolution', 'Split', 'ReLU', 'Eltwise', 'InnerProduct']);
    const [weight = {}, bias = {}] = layers[4]?.blobs ?? [];
    expect([shapeOfBlob(weight), shapeOfBlob(bias)]).toEqual([
      [1, 1, 2, 48],
      [1, 1, 1, 2],
    ]);
    expect([...valuesOfBlob(weight)]).toEqual(ramp(96, -6));
  });

  it('is written as Google’s encoder writes it', () => {
    const path = `${golden}/caffe.caffemodel`;
    expect(Buffer.from(caffemodel.encode(decodeFile(caffemodel, path))).equals(readFileSync(path))).toBe(true);
  });
});

describe('a .prototxt', () => {
  it('reads messages with and without colons, lists, comments, both kinds of quotes and adjacent texts', () => {
    const net = readNet(`# a comment
      name: 'a' "b\\x41\\102\\n"; input_dim: [1, 3 , 0x10]
      layer: < type: "Pooling" pooling_param { pool: AVE global_pooling: true round_mode: 1 } >, # behind it
      layer { power_param { scale: .5 shift: - 2e-1f } exotic_param { any: [ { thing: -inf } ] } }`);
    expect(net).toEqual({
      name: 'abAB\n',
      input_dim: [1, 3, 16],
      layer: [
        { type: 'Pooling', pooling_param: { pool: 'AVE', global_pooling: true, round_mode: 'FLOOR' } },
        { power_param: { scale: 0.5, shift: -0.2 } },
      ],
    });
  });

  it('writes what a .caffemodel holds but its weights', () => {
    const net = decodeFile(caffemodel, `${golden}/caffe.caffemodel`);
    const text = Buffer.from(prototxt.encode(textOfNet(net))).toString();
    expect(text.replace('0.00002', '2e-05')).toBe(readFileSync(`${golden}/caffe.prototxt`, 'utf8'));
  });

  it.each([
    ['layer {\n  name "x"\n}', 'prototxt-syntax', 2, 8, 'expected a colon and a value, or {, found "x"'],
    ['layer {\n  name: "x\n}', 'prototxt-syntax', 2, 9, 'expected a name, a number, a quoted string or one of { } < > [ ] : ; ,, found "\\""'],
    ['layer {', 'prototxt-syntax', 1, 8, 'expected the name of a field or }, found the end of the file'],
    ['input_dim: 1\n}', 'prototxt-syntax', 2, 1, 'expected the name of a field, found "}"'],
    ['input_dim: [1 2]', 'prototxt-syntax', 1, 15, 'expected a comma or ], found "2"'],
    ['input_dim: 1.5', 'bad-prototxt', 1, 1, 'input_dim must be an integer, found "1.5"'],
    ['layer {\n pooling_param { pool: MEAN } }', 'bad-prototxt', 2, 18, 'pool must be one of MAX, AVE, STOCHASTIC, found "MEAN"'],
    ['layer { name: { } }', 'bad-prototxt', 1, 9, 'name must be a quoted string, found a message'],
    ['layer { convolution_param { strid: 2 } }', 'bad-prototxt', 1, 29, 'ConvolutionParameter has no field "strid" (did you mean "stride"?)'],
  ])('says where it is wrong: %j', async (text, code, line, column, message) => {
    expect(await failuresOf(() => readNet(text))).toMatchObject([{ code, message, at: { file: 'net.prototxt', line, column } }]);
  }); // prettier-ignore

  it('does not follow messages inside each other without end', async () => {
    expect(await failuresOf(() => readText('a{'.repeat(100_000)))).toMatchObject([{ code: 'prototxt-syntax' }]);
  });
});
