import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type BackboneName,
  buildNetwork,
  chooseNetwork,
  type NetworkChoice,
} from '../../../../src/kit/net/backbones/index.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { ShapedGraph } from '../../../../src/kit/net/graph/shaped-graph.ts';

const symbolFile = '../shared/data/models/mobilefacenet-y1/model-symbol.json';

interface Symbol {
  readonly nodes: readonly { readonly op: string; readonly name: string }[];
}

function network(choice: NetworkChoice): ShapedGraph {
  return inferShapes(buildNetwork(choice, { height: 112, width: 112 }));
}

function parameterNames(choice: NetworkChoice): string[] {
  return network(choice).parameters.map(({ name }) => name);
}

function layerNames(choice: NetworkChoice): string[] {
  return network(choice).graph.layers.map(({ name }) => name);
}

const numbers = (hint: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `${hint}${first + index}`);

describe('names of layers and parameters', () => {
  it.skipIf(!existsSync(symbolFile))(
    `of y1 are those of the authors' checkpoint, in its order (needs ${symbolFile})`,
    () => {
      const { nodes } = JSON.parse(readFileSync(symbolFile, 'utf8')) as Symbol;
      const operators = nodes.filter(({ op }) => op !== 'null').map(({ name }) => name);
      expect(layerNames(chooseNetwork('y1', { embeddingSize: 128 }))).toEqual(
        operators.slice(0, operators.indexOf('fc1') + 1),
      );
      const variables = nodes.filter(({ op, name }) => op === 'null' && name !== 'data').map(({ name }) => name);
      expect(new Set(parameterNames(chooseNetwork('y1', { embeddingSize: 128 })))).toEqual(new Set(variables));
    },
  );

  it('of a residual unit follow its order', () => {
    const of = (name: BackboneName, unit: 'improved' | 'post-activation' | 'pre-activation', early = false): string =>
      layerNames({ ...chooseNetwork(name), unit, earlyDownsampling: early } as NetworkChoice)
        .filter((layer) => layer.startsWith('stage1_unit1_'))
        .map((layer) => layer.replace('stage1_unit1_', ''))
        .join(' ');
    expect(of('r50', 'improved')).toBe('bn1 conv1 bn2 relu1 conv2 bn3 conv1sc sc');
    expect(of('r50', 'post-activation')).toBe('conv1 bn1 relu1 conv2 bn2 conv1sc sc relu3');
    expect(of('r50', 'pre-activation')).toBe('bn1 relu1 conv1 bn2 relu2 conv2 sc');
    expect(of('r101', 'improved')).toBe('bn1 conv1 bn2 relu1 conv2 bn3 relu2 conv3 bn4 conv1sc sc');
    expect(of('r101', 'post-activation')).toBe('conv1 bn1 relu1 conv2 bn2 relu2 conv3 bn3 conv1sc sc relu3');
    expect(of('r101', 'pre-activation')).toBe('bn1 relu1 conv1 bn2 relu2 conv2 bn3 relu3 conv3 sc');
  });

  it.each([
    ['r50', 'post-activation', true, 'stage2_unit1_conv1'],
    ['r50', 'post-activation', false, 'stage2_unit1_conv2'],
    ['r50', 'pre-activation', false, 'stage2_unit1_conv1'],
    ['r50', 'improved', false, 'stage2_unit1_conv2'],
    ['r101', 'post-activation', true, 'stage2_unit1_conv1'],
    ['r101', 'post-activation', false, 'stage2_unit1_conv3'],
    ['r101', 'pre-activation', false, 'stage2_unit1_conv2'],
    ['r101', 'improved', false, 'stage2_unit1_conv3'],
  ] as const)('of %s, %s (early down-sampling: %s): %s has the stride', (name, unit, earlyDownsampling, layer) => {
    const { graph } = network({ ...chooseNetwork(name), unit, earlyDownsampling } as NetworkChoice);
    const strided = graph.layers.filter(
      (node) =>
        node.kind === 'convolution' && node.name.startsWith('stage2_unit1_conv') && node.attributes.stride[0] === 2,
    );
    expect(strided.map((node) => node.name).filter((found) => !found.endsWith('sc'))).toEqual([layer]);
  });

  it('of sums and squeeze-and-excitation layers are numbered as MXNet numbers them', () => {
    const layers = layerNames(chooseNetwork('r18', { squeezeExcitation: true }));
    expect(layers.filter((name) => name.startsWith('_plus'))).toEqual(numbers('_plus', 0, 7));
    expect(layers.filter((name) => name.startsWith('broadcast_mul'))).toEqual(numbers('broadcast_mul', 0, 7));
    const ofUnit = layers.filter((name) => name.startsWith('stage4_unit2_se_'));
    expect(ofUnit.map((name) => name.replace('stage4_unit2_', ''))).toEqual(
      ['pool1', 'conv1', 'relu1', 'conv2', 'sigmoid'].map((suffix) => `se_${suffix}`),
    );
  });

  it('of Dual Path Networks hold parentheses and slashes', () => {
    const names = parameterNames(chooseNetwork('p92'));
    for (const name of [
      'conv2_x__1_c1x1-w(s/1)__conv_weight',
      'conv3_x__1_c1x1-w(s/2)__conv_weight',
      'conv3_x__1_c1x1-w(s/2)__bn__bn_moving_var',
      'conv4_x__20_c3x3-b__bn__bn_gamma',
    ]) {
      expect(names).toContain(name);
    }
    expect(layerNames(chooseNetwork('p92'))).toContain('conv5_x_x_cat-final');
  });

  it('of i2 are numbers, and the pooling that the original does not use has one', () => {
    const layers = layerNames(chooseNetwork('i2'));
    const numbered = (hint: string): string[] =>
      layers.filter((name) => /^[a-z]+\d+$/.test(name) && name.startsWith(hint));
    expect(numbered('convolution')).toEqual(numbers('convolution', 0, 243));
    expect(numbered('batchnorm')).toEqual(numbers('batchnorm', 0, 243));
    expect(numbered('pooling')).toEqual(numbers('pooling', 1, 4));
  });

  it('of m2 are those that Gluon gives', () => {
    const names = parameterNames(chooseNetwork('m2'));
    for (const name of [
      'conv0_weight',
      'batchnorm0_running_mean',
      'invertedresidual0_conv3_weight',
      'invertedresidual16_batchnorm2_running_var',
      'mobilenetv20_hybridsequential0_conv0_weight',
    ]) {
      expect(names).toContain(name);
    }
  });
});

// Lengths that the specification states for each family.
const flattened: readonly (readonly [BackboneName, number])[] = [
  ['r100', 25_088],
  ['r152', 100_352],
  ['m1', 50_176],
  ['m2', 62_720],
  ['d121', 50_176],
  ['d169', 81_536],
  ['d201', 94_080],
  ['d161', 108_192],
  ['p68', 116_032],
  ['p92', 131_712],
  ['p107', 131_712],
  ['p131', 131_712],
  ['i2', 221_184],
  ['s64', 25_088],
];

it.each(flattened)('the last feature map of %s has %i values', (name, length) => {
  const weight = network(chooseNetwork(name)).parameters.find(({ name: each }) => /^(pre_)?fc1_weight$/.test(each));
  expect(weight?.shape).toEqual([512, length]);
});

it('head GDC weights the 7 x 7 map of an r50, head GNAP brings it to one norm', () => {
  const of = (head: 'GDC' | 'GNAP', embeddingSize: number): string[] =>
    layerNames(chooseNetwork('r50', { head, embeddingSize })).slice(-7);
  expect(of('GDC', 512).slice(-4)).toEqual(['conv_6dw7_7_conv2d', 'conv_6dw7_7_batchnorm', 'pre_fc1', 'fc1']);
  expect(of('GNAP', 512).slice(-5)).toEqual(['bn6f', 'equalizenorms0', 'pooling0', 'flatten0', 'fc1']);
  expect(of('GNAP', 256).slice(-6)).toEqual(['bn6f', 'equalizenorms0', 'pooling0', 'bn6w', 'pre_fc1', 'fc1']);
  expect(of('GNAP', 1024)).toEqual(['convx_bn', 'convx_relu', 'bn6f', 'equalizenorms0', 'pooling0', 'flatten0', 'fc1']);
});
