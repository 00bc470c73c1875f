import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildNetwork, chooseNetwork } from '../../../src/kit/net/backbones/index.ts';
import { inferShapes } from '../../../src/kit/net/graph/infer-shapes.ts';
import { readModel } from '../../../src/kit/net/model/model-folder.ts';
import { frozenLayers } from '../../../stages/train/frozen-layers.ts';
import { printedFailure, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { outputs, pack, pairs, train } from './small-training.ts';

const shaped = inferShapes(buildNetwork(chooseNetwork('r18'), { height: 112, width: 112 }));

describe('layers to freeze', { timeout: 180_000 }, () => {
  it('are those that a pattern matches as a whole', () => {
    expect([...frozenLayers({ freeze: ['stage1_unit1_bn*', 'bn0'] }, shaped)]).toEqual([
      'stage1_unit1_bn1',
      'stage1_unit1_bn2',
      'stage1_unit1_bn3',
      'bn0',
    ]);
    expect(frozenLayers({}, shaped).size).toBe(0);
  });

  it('are a layer and all that it is computed from, its shortcut included', () => {
    const frozen = frozenLayers({ freezeUpTo: '_plus0' }, shaped);
    expect([...frozen].filter((name) => name.includes('conv'))).toEqual([
      'conv0',
      'stage1_unit1_conv1',
      'stage1_unit1_conv2',
      'stage1_unit1_conv1sc',
    ]);
    expect(frozen.has('stage1_unit2_bn1')).toBe(false);
  });

  it.each([
    [
      { freeze: ['conv0', 'stage1_unit1_bm1'] },
      'nothing-to-freeze: "freeze[1]" is "stage1_unit1_bm1", and no layer of the network is called so (did you mean "stage1_unit1_bn1"?)\n  flow inspect shows the layers of a model; in "freeze", * matches any characters.',
    ],
    [
      { freezeUpTo: 'stage5*' },
      'nothing-to-freeze: "freezeUpTo" is "stage5*", and no layer of the network is called so\n  flow inspect shows the layers of a model; in "freeze", * matches any characters.',
    ],
  ])('that are not there are refused: %o', async (params, expected) => {
    expect(
      await printedFailure(() => {
        frozenLayers(params, shaped);
        return Promise.resolve();
      }),
    ).toBe(expected);
  });

  it('keep the values of the pretrained model, statistics too, in the model that is written', async () => {
    const [dataset, first, second] = [pack(), temporaryFolder(), temporaryFolder()];
    await train({ dataset, folder: first });
    await train({
      dataset,
      folder: second,
      pretrained: join(first, 'model'),
      params: { freezeUpTo: 'res_3_block0_conv_proj_batchnorm' },
    });
    const [before, after] = [readModel(join(first, 'model')).parameters, readModel(join(second, 'model')).parameters];
    const kept = [...before].filter(([name, { values }]) =>
      values.every((value, at) => value === after.get(name)?.values[at]),
    );
    const names = kept.map(([name]) => name).filter((name) => !name.startsWith('fc1_gamma'));
    expect(names).toContain('conv_1_batchnorm_moving_mean');
    expect(names.at(-1)).toMatch(/^res_3_block0_conv_proj_batchnorm_/);
    expect(names.length).toBe([...before.keys()].indexOf(names.at(-1) ?? '') + 1);
  });
});

describe('averages of the weights', { timeout: 180_000 }, () => {
  it('are what is verified and what the model holds', async () => {
    const [dataset, plain, averaged] = [pack(), temporaryFolder(), temporaryFolder()];
    const validation = [pairs()];
    await train({ dataset, folder: plain, validation });
    await train({ dataset, folder: averaged, validation, params: { averageWeights: 0.999 } });
    const [one, other] = [outputs(plain), outputs(averaged)];
    expect(other[1]).not.toBe(one[1]);
    const losses = [one[2], other[2]].map(
      (log) => (JSON.parse(log) as { curves: { points: unknown }[] }).curves[0]?.points,
    );
    // What is trained is the same.
    expect(losses[1]).toEqual(losses[0]);
  });
});

describe('values that are computed once more', () => {
  it('give the same model to the byte', { timeout: 180_000 }, async () => {
    const [dataset, plain, recomputed] = [pack(), temporaryFolder(), temporaryFolder()];
    await train({ dataset, folder: plain });
    await train({ dataset, folder: recomputed, params: { recompute: true } });
    expect(outputs(recomputed)).toEqual(outputs(plain));
    expect(readFileSync(join(plain, 'log.json'), 'utf8')).toContain('faceflow-log');
  });
});
