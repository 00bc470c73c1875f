import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeModel } from '../../src/net/model-folder.ts';
import { modelFormatOf } from '../../src/net/model-formats/choose-format.ts';
import { Rig } from '../e2e/rig.ts';
import { smallNetworks } from '../net/engines/small-networks.ts';
import { drawnModel } from '../../bench/drawn-model.ts';

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
  it('goes from each format to the next and back, and says how much the results differ', async () => {
    const path = ['small', 'a/small.onnx', 'b/small-symbol.json', 'c/small.npz', 'd/small.caffemodel', 'e/'];
    for (const [index, from] of path.slice(0, -1).entries()) {
      const to = path[index + 1] ?? '';
      const { code, stdout, stderr } = await rig.flow(['convert', from, to]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^.+ \[\d+\]: largest difference \d\.\de[+-]\d+, \d\.\de[+-]\d+ of the greatest value$/m);
      expect(stdout).toMatch(/^compared on \w+ .*, two random pictures$/m);
    }
    const model = modelFormatOf(join(rig.folder, 'e')).read(join(rig.folder, 'e'), {});
    const first = modelFormatOf(join(rig.folder, 'small')).read(join(rig.folder, 'small'), {});
    // Caffe has names of its own, the arrays have their order.
    const arrays = (of: typeof model): unknown[] =>
      of.inferred.parameters.map(({ name }) => of.parameters.get(name)?.values);
    expect(arrays(model)).toHaveLength(2);
    expect(arrays(model)).toEqual(arrays(first));
  });

  it('writes a format by its name into a folder, and prints JSON', async () => {
    const { code, stdout } = await rig.flow(['convert', 'small', 'out/', '--to', 'mxnet', '--slim', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outputs: [{ layer: output, relativeDifference: 0 }] });
    expect(modelFormatOf(join(rig.folder, 'out')).name).toBe('mxnet');
  });

  it('says what is wrong with a call', async () => {
    const wrong = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await rig.flow(['convert', ...args]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await wrong('small', 'small.onnx', '--to', 'onx')).toMatch(/unknown-model-format.*found "onx"\.\n.*"onnx"/s);
    expect(await wrong('nothing', 'small.onnx')).toContain('no-model');
    expect(await wrong('small', 'small.onnx', '--input', '112')).toContain(
      'expected --input to be channels x height x width',
    );
    expect(await wrong('small', 'small.onnx', '--limit', 'much')).toContain(
      'expected --limit to be a number, found "much"',
    );
    expect(await wrong('small', 'small.onnx', '--limit', '-1')).toContain('--limit to be a number of at least 0');
    expect(await wrong('small', 'small.onnx', '--epoch', '0.5')).toContain('--epoch to be a whole number');
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
});
