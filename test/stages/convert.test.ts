import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawnModel } from '../../bench/drawn-model.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { modelFormats } from '../../src/kit/net/exchange/index.ts';
import { outcomes, Rig } from '../e2e/rig.ts';
import { smallNetworks } from '../kit/net/backends/small-networks.ts';

const graph = smallNetworks['flatten and fully connected'];
if (graph === undefined) throw new Error('the small network has gone');
const drawn = drawnModel(graph, 3);
const onCpu = { FLOW_ENGINE: 'cpu' };

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
  modelFormats.mxnet.write(join(rig.folder, 'net-0000.params'), { ...drawn, origin: {} }, {});
  rig.write(
    'convert.yaml',
    `name: convert
stages:
  onnx:
    uses: convert
    with: { model: net-0000.params, to: onnx }
  back:
    uses: convert
    with: { model: '\${stages.onnx.outputs.model}', to: folder }
`,
  );
});
afterEach(async () => {
  await rig.dispose();
});

describe('convert', () => {
  it('takes a checkpoint to ONNX and on to a model folder with the same arrays, and says that nothing differs', async () => {
    const ended = await rig.flow(['run', 'convert.yaml', '--json'], onCpu);
    expect(outcomes(ended)).toEqual({ onnx: 'done', back: 'done' });
    const model = modelFormats.folder.read(rig.path('runs/latest/convert/outputs/back/model'));
    for (const [name, { values }] of drawn.parameters) expect(model.parameters.get(name)?.values).toEqual(values);
    const metrics = JSON.parse((await rig.flow(['metrics', 'convert', '--json'])).stdout) as unknown;
    expect(JSON.stringify(metrics)).toContain('relative difference');
  });

  it('runs again when the symbol beside the parameters changes, and names the input', async () => {
    await rig.flow(['run', 'convert.yaml'], onCpu);
    expect(outcomes(await rig.flow(['run', 'convert.yaml', '--json'], onCpu))).toEqual({
      onnx: 'cached',
      back: 'cached',
    });
    const symbol = rig.path('net-symbol.json');
    writeFileSync(symbol, readFileSync(symbol, 'utf8').replace(/\n$/, ' \n') + ' ');
    const why = await rig.flow(['why', 'convert.yaml', 'onnx'], onCpu);
    expect(why.stdout).toContain('input model changed: net-0000.params');
    // Its result is the same: the second task takes it from the cache.
    expect(outcomes(await rig.flow(['run', 'convert.yaml', '--json'], onCpu))).toEqual({
      onnx: 'done',
      back: 'cached',
    });
  });

  const trains = trainingEngine().identity.name;
  it.skipIf(trains !== 'tensorflow')('leaves what TensorFlow says of itself out of its log', async () => {
    const ended = await rig.flow(['run', 'convert.yaml', '--json'], { FLOW_ENGINE: 'tensorflow' });
    expect(outcomes(ended)).toEqual({ onnx: 'done', back: 'done' });
    expect((await rig.flow(['logs', 'convert', 'onnx'])).stdout).not.toMatch(/absl|oneDNN/);
  });

  it('refuses a format that there is not, with its place', async () => {
    rig.write(
      'strict.yaml',
      'name: strict\nstages:\n  caffe:\n    uses: convert\n    with: { model: net-0000.params, to: nothing-known }\n',
    );
    const ended = await rig.flow(['run', 'strict.yaml'], onCpu);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('strict.yaml:5:');
  });
});
