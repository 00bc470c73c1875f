import { describe, expect, it } from 'vitest';
import { backbones, buildNetwork, chooseNetwork, type NetworkChoice } from '../../../../src/kit/net/backbones/index.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { GraphParameter, ShapedGraph } from '../../../../src/kit/net/graph/shaped-graph.ts';
import { elementCount } from '../../../../src/kit/net/graph/feature-shape.ts';

function shaped(choice: NetworkChoice): ShapedGraph {
  return inferShapes(buildNetwork(choice, { height: 112, width: 112 }));
}

interface Counts {
  readonly args: readonly [arrays: number, values: number];
  readonly aux: readonly [arrays: number, values: number];
}

function countsOf({ parameters }: ShapedGraph): Counts {
  const count = (list: readonly GraphParameter[]): [number, number] => [
    list.length,
    list.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  ];
  return {
    args: count(parameters.filter(({ role }) => role !== 'auxiliary')),
    aux: count(parameters.filter(({ role }) => role === 'auxiliary')),
  };
}

const name = chooseNetwork;

// Table 2.11 of the specification: counted by MXNet's own shape inference.
const table: readonly (Counts & { readonly network: NetworkChoice })[] = [
  { network: name('r18'), args: [94, 24_025_600], aux: [62, 14_720] },
  { network: name('r34'), args: [166, 34_139_328], aux: [110, 25_856] },
  { network: name('r49'), args: [238, 43_590_848], aux: [158, 38_144] },
  { network: name('r50'), args: [238, 43_590_848], aux: [158, 38_144] },
  { network: name('r74'), args: [346, 55_996_864], aux: [230, 55_040] },
  { network: name('r90'), args: [418, 63_677_120], aux: [278, 65_792] },
  { network: name('r100'), args: [463, 65_156_160], aux: [308, 69_632] },
  { network: name('r101'), args: [451, 93_955_712], aux: [278, 171_520] },
  { network: name('r152'), args: [672, 109_637_760], aux: [414, 248_320] },
  { network: name('r200'), args: [880, 114_139_264], aux: [542, 289_280] },
  { network: name('r269'), args: [1179, 151_602_816], aux: [726, 417_280] },
  { network: name('r34', { squeezeExcitation: true }), args: [246, 34_300_760], aux: [110, 25_856] },
  { network: name('r50', { squeezeExcitation: true }), args: [358, 43_820_120], aux: [158, 38_144] },
  { network: name('r100', { squeezeExcitation: true }), args: [708, 65_540_840], aux: [308, 69_632] },
  { network: name('m1'), args: [114, 28_911_616], aux: [58, 24_960] },
  { network: name('m2'), args: [174, 33_970_256], aux: [116, 31_072] },
  { network: name('y1'), args: [184, 1_201_024], aux: [100, 20_352] },
  { network: name('y1', { embeddingSize: 128 }), args: [184, 1_003_264], aux: [100, 19_584] },
  { network: name('d121'), args: [379, 32_716_288], aux: [252, 85_184] },
  { network: name('d169'), args: [523, 54_303_232], aux: [348, 159_936] },
  { network: name('d201'), args: [619, 66_334_208], aux: [412, 230_592] },
  { network: name('d161'), args: [499, 81_890_400], aux: [332, 220_960] },
  { network: name('p68'), args: [232, 93_661_152], aux: [154, 101_536] },
  { network: name('p92'), args: [304, 102_488_256], aux: [202, 126_752] },
  { network: name('p107'), args: [349, 151_696_128], aux: [232, 214_976] },
  { network: name('p131'), args: [421, 144_035_904], aux: [280, 224_512] },
  { network: name('i2'), args: [982, 167_723_292], aux: [492, 156_200] },
  { network: name('s20'), args: [46, 24_501_952], aux: [0, 0] },
  { network: name('s36'), args: [78, 34_606_400], aux: [0, 0] },
  { network: name('s60'), args: [126, 47_661_504], aux: [0, 0] },
  { network: name('s64'), args: [134, 50_021_824], aux: [0, 0] },
  { network: name('s104'), args: [214, 73_625_024], aux: [0, 0] },
];

describe('backbones', () => {
  it.each(table)('$network have the arrays and values of the original', ({ network, args, aux }) => {
    expect(countsOf(shaped(network))).toEqual({ args, aux });
  });

  it('are all in the table', () => {
    expect(new Set(table.map(({ network }) => network.name))).toEqual(new Set(Object.keys(backbones)));
  });

  it.each([
    [{ head: 'A' }, 30_744_768],
    [{ head: 'AX' }, 30_744_768],
    [{ head: 'B' }, 31_007_424],
    [{ head: 'BX' }, 31_007_424],
    [{ head: 'C' }, 31_008_448],
    [{ head: 'CX' }, 31_008_448],
    [{ head: 'D' }, 31_008_960],
    [{ head: 'DX' }, 31_008_960],
    [{ head: 'E' }, 43_590_848],
    [{ head: 'F' }, 43_589_824],
    [{ head: 'G' }, 43_589_824],
    [{ head: 'H' }, 43_588_800],
    [{ head: 'I' }, 43_590_848],
    [{ head: 'J' }, 43_589_824],
    [{ earlyDownsampling: true }, 34_947_776],
  ] as const)('r50 with %j has %i values to learn', (options, values) => {
    expect(countsOf(shaped(chooseNetwork('r50', options))).args[1]).toBe(values);
  });
});
