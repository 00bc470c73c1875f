import { describe, expect, it } from 'vitest';
import { type BackboneName, buildNetwork, chooseNetwork } from '../../../../../src/kit/net/backbones/index.ts';
import { inferShapes } from '../../../../../src/kit/net/graph/infer-shapes.ts';
import type { ShapedGraph } from '../../../../../src/kit/net/graph/shaped-graph.ts';
import { elementCount } from '../../../../../src/kit/net/graph/feature-shape.ts';
import { layersOf, outlineOf } from '../../../../../src/kit/net/graph/outline/outline.ts';
import { outlineSvg } from '../../../../../src/kit/net/graph/outline/outline-svg.ts';

function network(name: BackboneName): ShapedGraph {
  return inferShapes(buildNetwork(chooseNetwork(name), { height: 112, width: 112 }));
}

describe('the outline of a network', () => {
  it('folds the units of an r100 that repeat', () => {
    const titles = outlineOf(network('r100')).map(({ title, repeats }) =>
      repeats === 1 ? title : `${title}: ${repeats}`,
    );
    expect(titles).toEqual([
      'id .. _mulscalar0',
      'conv0 .. relu0',
      'stage1_unit1',
      'stage1_unit2 .. stage1_unit3: 2',
      'stage2_unit1',
      'stage2_unit2 .. stage2_unit13: 12',
      'stage3_unit1',
      'stage3_unit2 .. stage3_unit30: 29',
      'stage4_unit1',
      'stage4_unit2 .. stage4_unit3: 2',
      'bn1',
      'pre_fc1 .. fc1',
    ]);
  });

  it('says of an entry what its layers do, what they give and cost', () => {
    const [, , , units] = outlineOf(network('r100'));
    expect(units).toEqual({
      title: 'stage1_unit2 .. stage1_unit3',
      words: ['batch norm', 'conv 3x3, 64', 'batch norm', 'PReLU', 'conv 3x3, 64', 'batch norm', 'sum'],
      repeats: 2,
      shape: [64, 56, 56],
      // Two units of two convolutions, three normalisations and a PReLU.
      parameters: 2 * (2 * 9 * 64 * 64 + 3 * 2 * 64 + 64),
      multiplyAdds: 2 * 2 * 9 * 64 * 64 * 56 * 56,
      outputs: [],
    });
  });

  it.each(['r100', 'y1', 'm2', 'd121', 'p107', 'i2', 's20'] as const)(
    'of %s is short and leaves nothing out, folded or not',
    (name) => {
      const shaped = network(name);
      const wanted = shaped.parameters
        .filter(({ role }) => role !== 'auxiliary')
        .reduce((sum, { shape }) => sum + elementCount(shape), 0);
      const folded = outlineOf(shaped);
      expect(folded.length).toBeLessThan(60);
      for (const entries of [folded, layersOf(shaped)]) {
        expect(entries.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(wanted);
        expect(entries.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0)).toBe(shaped.multiplyAdds);
        expect(entries.reduce((sum, { repeats, words }) => sum + repeats * words.length, 0)).toBe(
          shaped.graph.layers.length,
        );
        expect(entries.flatMap(({ outputs }) => outputs)).toEqual(shaped.graph.outputs);
      }
    },
  );

  it('is drawn with a box for each entry, top to bottom, and names as text', () => {
    const shaped = network('p92');
    const svg = outlineSvg(shaped, 'runs/<latest> & best');
    expect(svg).toContain('>runs/&lt;latest&gt; &amp; best</text>');
    expect(svg).toContain('conv4_x__2 .. conv4_x__20</text>');
    const tops = [...svg.matchAll(/<rect class="(?:box|repeated)" x="24" y="(\d+)"/g)].map(([, y]) => Number(y));
    expect(tops).toHaveLength(outlineOf(shaped).length);
    expect(tops).toEqual(tops.toSorted((left, right) => left - right));
  });
});
