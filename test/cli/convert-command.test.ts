import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trainingEngine, installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { writeModel } from '../../src/kit/net/model/model-folder.ts';
import { modelFormatOf } from '../../src/kit/net/exchange/choose-format.ts';
import { Rig } from '../e2e/rig.ts';
import { smallNetworks } from '../kit/net/backends/small-networks.ts';
import { drawnModel } from '../../bench/drawn-model.ts';
import { writeParameters, writeSymbol } from '../kit/net/exchange/mxnet-files.ts';

const graph = smallNetworks['flatten and fully connected'];
if (graph === undefined) throw new Error('the small network has gone');
const [output = ''] = graph.outputs;

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
  const { parameters } = drawnModel(graph, 3);
  writeModel(join(rig.folder, 'small'), { graph, parameters: parameters.values(), origin: {} });
});
afterEach(async () => {
  await rig.dispose();
});

describe('flow convert', () => {
  it('goes from each format to the next and back, and prints how much the results differ', async () => {
    const path = ['small', 'a/small.onnx', 'b/small-symbol.json', 'c/small.npz', 'd/small.caffemodel', 'e/'];
    for (const [index, from] of path.slice(0, -1).entries()) {
      const to = path[index + 1] ?? '';
      const { code, stdout, stderr } = await rig.flow(['convert', from, to]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const difference = 'largest difference \\d\\.\\de[+-]\\d+, \\d\\.\\de[+-]\\d+ of the greatest value';
      expect(stdout).toMatch(new RegExp(`^.+ \\[\\d+\\] read again, on cpu \\S+: ${difference}$`, 'm'));
      const inOnnxruntime = new RegExp(`^.+ \\[\\d+\\] as onnxruntime \\S+ runs it: ${difference}$`, 'm').test(stdout);
      expect(inOnnxruntime).toBe(to.endsWith('.onnx') && installedOnnxruntime().installed);
    }
    const model = modelFormatOf(join(rig.folder, 'e')).read(join(rig.folder, 'e'), {});
    const first = modelFormatOf(join(rig.folder, 'small')).read(join(rig.folder, 'small'), {});
    // Caffe has names of its own, the arrays have their order.
    const arrays = (of: typeof model): unknown[] =>
      of.shaped.parameters.map(({ name }) => of.parameters.get(name)?.values);
    expect(arrays(model)).toHaveLength(2);
    expect(arrays(model)).toEqual(arrays(first));
  });

  it('writes a format by its name into a folder, and prints JSON', async () => {
    const { code, stdout } = await rig.flow(['convert', 'small', 'out/', '--to', 'mxnet', '--slim', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outputs: [{ layer: output, relativeDifference: 0 }] });
    expect(modelFormatOf(join(rig.folder, 'out')).name).toBe('mxnet');
  });

  it('writes model.json for TensorFlow.js where that is asked for by name, since by itself it means a folder of ours', async () => {
    for (const to of ['web/model.json', 'site', 'page/']) {
      const { code, stdout, stderr } = await rig.flow(['convert', 'small', to, '--to', 'tfjs']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^layer \[6\] read again, on cpu \S+: largest difference 0\.0e\+0/m);
      const folder = rig.path(to.split('/', 1)[0] ?? '');
      expect(readdirSync(folder).sort()).toEqual(['model-shard1of1.bin', 'model.json']);
      expect(modelFormatOf(folder).name).toBe('tfjs');
    }
    const again = await rig.flow(['convert', 'site', 'back']);
    expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
    const [first, back] = ['small', 'back'].map((name) => modelFormatOf(rig.path(name)).read(rig.path(name), {}));
    expect(back?.parameters).toEqual(first?.parameters);
    expect((await rig.flow(['convert', 'small', 'plain/model.json'])).code).toBe(0);
    expect(readdirSync(rig.path('plain')).sort()).toEqual(['model.json', 'parameters.bin']);
    writeFileSync(rig.path('letter'), 'Dear model,');
    mkdirSync(rig.path('taken'));
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await rig.flow(['convert', ...args, '--to', 'tfjs']);
      expect(code).toBe(2);
      expect(stderr).toContain('bad-target');
      return stderr;
    };
    expect(await refused('site', 'site/model.json')).toContain('found the one that is read');
    expect(await refused('small', 'letter/model.json')).toContain('found a file');
    expect(await refused('small', 'letter')).toContain('found a file');
    expect(await refused('small', 'taken')).toContain('found a folder');
  });

  it('reports what is wrong with a call', async () => {
    const wrong = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await rig.flow(['convert', ...args]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await wrong('small', 'small.onnx', '--to', 'onx')).toMatch(
      /unknown-model-format.*found "onx" \(did you mean "onnx"\?\)/s,
    );
    expect(await wrong('nothing', 'small.onnx')).toContain('no-model');
    expect(await wrong('small', 'small.onnx', '--input', '112')).toContain(
      'expected --input to be channels x height x width',
    );
    expect(await wrong('small', 'small.onnx', '--limit', 'much')).toContain(
      'expected --limit to be a number, found "much"',
    );
    expect(await wrong('small', 'small.onnx', '--limit', '-1')).toContain('--limit to be a number of at least 0');
    expect(await wrong('small', 'small.onnx', '--epoch', '0.5')).toContain('--epoch to be an integer');
    expect(await wrong('small', 'small.foo')).toContain('found ".foo"');
  });

  it('refuses to write over a folder, a file, or what it reads', async () => {
    mkdirSync(join(rig.folder, 'taken.onnx'));
    writeFileSync(join(rig.folder, 'letter'), 'Dear model,');
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await rig.flow(['convert', ...args]);
      expect(code).toBe(2);
      expect(stderr).toContain('bad-target');
      return stderr;
    };
    expect(await refused('small', 'taken.onnx')).toContain('found a folder');
    expect(await refused('small', 'letter')).toContain('found a file');
    expect(await refused('small', 'letter/small.onnx')).toContain('found a file');
    expect(await refused('small', 'small/')).toContain('found the one that is read');
  });

  it('refuses options that a format has no use for, and says which formats have', async () => {
    const refused = await rig.flow([
      ...[
        'convert',
        'small',
        'small.npz',
        '--epoch',
        '3',
        '--output',
        'x',
        '--mean',
        '1',
        '--scale',
        '1',
        '--normalization',
        'inside',
      ],
    ]);
    expect(refused.code).toBe(2);
    expect(refused.stderr.replaceAll(rig.folder, '<workspace>')).toMatchInlineSnapshot(`
      "<workspace>/small: option-not-taken: the format "folder" has no use for "epoch" (--epoch) when a model is read; mxnet takes it

      <workspace>/small: option-not-taken: the format "folder" has no use for "outputs" (--output) when a model is read; mxnet, caffe, onnx, tfjs take it

      <workspace>/small: option-not-taken: the format "folder" has no use for "normalization" (--mean, --scale, --color-order) when a model is read; mxnet, caffe, onnx, safetensors, tfjs, torch take it

      <workspace>/small.npz: option-not-taken: the format "npz" has no use for --normalization when a model is written; caffe takes it
        Leave it out.
      "
    `);
    expect(existsSync(join(rig.folder, 'small.npz'))).toBe(false);
  });

  it.each([
    [['--mean', '127.5'], 'expected --scale to be a number above 0, found none'],
    [['--mean', '127.5', '--scale', '0'], 'expected --scale to be a number above 0, found "0"'],
    [
      ['--scale', '0.0078125'],
      'expected --mean to be a number, since what is taken off and the factor belong together, found none',
    ],
    [
      ['--color-order', 'bgr'],
      'expected --mean to be a number, since what is taken off and the factor belong together, found none',
    ],
  ])('refuses half a normalisation and one that makes all images equal: %j', async (options, message) => {
    const refused = await rig.flow(['convert', 'small', 'small.npz', ...options]);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: `wrong-option: ${message}\n` });
  });

  it('refuses another size than the one an ONNX file fixes', async () => {
    await rig.flow(['convert', 'small', 'small.onnx']);
    const { code, stderr } = await rig.flow(['convert', 'small.onnx', 'other/', '--input', '3x5x5']);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `option-not-taken: the file fixes the height of its images at ${graph.input.height}, and "input" (--input) asks for 5`,
    );
  });

  it('reports that it assumes a size if a symbol leaves it open, and keeps that with the model', async () => {
    const asItIs = ['--mean', '0', '--scale', '1'];
    writeSymbol(
      join(rig.folder, 'open'),
      [['Convolution', 'conv', ['data', 'conv_weight'], { attrs: convolution }]],
      ['conv'],
    );
    writeParameters(join(rig.folder, 'open'), { 'arg:conv_weight': [2, 3, 3, 3] });
    const { stdout, stderr } = await rig.flow(['convert', 'open-0000.params', 'closed/', ...asItIs]);
    expect({ stdout: stdout.split('\n')[2], stderr }).toEqual({
      stdout:
        'The file does not state how large its images are: 3x112x112 was assumed; flow convert --input 3xHEIGHTxWIDTH writes a model of another, as does the stage convert with "input".',
      stderr: '',
    });
    expect((await rig.flow(['inspect', 'closed'])).stdout).toMatch(/origin: input +3x112x112, assumed/);
    const told = await rig.flow(['convert', 'open-0000.params', 'told/', '--input', '3x20x30', ...asItIs]);
    expect(told.stdout).toContain('conv [2, 18, 28] read again');
    expect(told.stdout).not.toContain('assumed');
  });

  const trains = trainingEngine().identity.name;
  it.skipIf(trains !== 'tensorflow')('keeps what TensorFlow says of itself from standard error', async () => {
    const { code, stdout, stderr } = await rig.flow(['convert', 'small', 'small.onnx'], { FLOW_ENGINE: 'tensorflow' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('read again, on tensorflow');
  });
});

const convolution = { kernel: '(3, 3)', num_filter: '2', no_bias: 'True' };
