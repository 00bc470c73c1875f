import { describe, expect, it } from 'vitest';
import { buildNetwork, type NetworkChoice } from '../../src/net/backbones/index.ts';
import { inferGraph } from '../../src/net/infer-graph.ts';
import { elementCount } from '../../src/net/layers/layer-definition.ts';

const size = { height: 112, width: 112 };

// Table 2.11 of the specification: counted by MXNet's own shape inference.
const table = [
  { network: { name: 'y1', embeddingSize: 512, bnMomentum: 0.9 }, args: [184, 1_201_024], aux: [100, 20_352] },
  { network: { name: 'y1', embeddingSize: 128, bnMomentum: 0.9 }, args: [184, 1_003_264], aux: [100, 19_584] },
  { network: { name: 'r18', embeddingSize: 512 }, args: [94, 24_025_600], aux: [62, 14_720] },
  { network: { name: 'r34', embeddingSize: 512 }, args: [166, 34_139_328], aux: [110, 25_856] },
  { network: { name: 'r50', embeddingSize: 512 }, args: [238, 43_590_848], aux: [158, 38_144] },
  { network: { name: 'r100', embeddingSize: 512 }, args: [463, 65_156_160], aux: [308, 69_632] },
] satisfies { network: NetworkChoice; args: number[]; aux: number[] }[];

describe('backbones', () => {
  it.each(table)('$network have the arrays and values of the original', ({ network, args, aux }) => {
    const { parameters } = inferGraph(buildNetwork(network, size));
    const auxiliary = parameters.filter((parameter) => parameter.role === 'auxiliary');
    const others = parameters.filter((parameter) => parameter.role !== 'auxiliary');
    const count = (list: typeof parameters): number[] => [
      list.length,
      list.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    ];
    expect(count(others)).toEqual(args);
    expect(count(auxiliary)).toEqual(aux);
  });
});
