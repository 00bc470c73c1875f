import {
  backboneOf,
  type BackboneName,
  backbones,
  buildNetwork,
  chooseNetwork,
} from '../../src/kit/net/backbones/index.ts';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import { elementCount } from '../../src/kit/net/graph/feature-shape.ts';
import { markdownTable } from './markdown-table.ts';

const size = { height: 112, width: 112 };

/** docs/networks.md: every network of the registry with its costs, and the options of each family. */
export function networkDocs(): string {
  const names = Object.keys(backbones) as BackboneName[];
  return [
    '# Networks',
    '',
    'Generated from the registry in `src/kit/net/backbones` by `npm run generate`; not to be edited.',
    '',
    'A network is chosen by name in an experiment, `network: { name: r100, head: E }`, and each of its options has a default.',
    'Names are those of 2018: a letter for the family and its depth. Layers and parameters are named as in the original, so',
    'its checkpoints fit. `flow inspect <model>` lists the layers of a trained one, `--svg FILE` draws it.',
    '',
    '## Sizes',
    '',
    'With default options, for images of 112 x 112. Parameters are what is learned (`arg` in MXNet), without a classifier;',
    'moving statistics (`aux`) are counted apart.',
    '',
    ...markdownTable(
      ['name', 'family', 'arrays', 'parameters', 'moving statistics', 'multiply-adds', 'start weights'],
      names.map(sizes),
    ),
    '',
    '## Options',
    '',
    ...families(names).flatMap(([family, members]) => options(family, members)),
    '## What is missing',
    '',
    "The original's `x1` (Xception) makes each depthwise convolution of one convolution per channel, each with a weight and a bias",
    'of its own: 23,278 arrays. Layers here have a fixed set of parameters, so that it would be 11,000 layers of one channel,',
    'too slow to train. `n1` (NASNet-A) pads and crops on two sides only, for which there is no layer. Both are left out.',
    '`equalize-norms` of head GNAP takes the mean of the norms over a sample, the original over the whole batch.',
    '',
  ].join('\n');
}

function sizes(name: BackboneName): string[] {
  const choice = chooseNetwork(name);
  const shaped = inferShapes(buildNetwork(choice, size));
  const { distribution, fan } = backboneOf(choice).weights;
  return [
    `\`${name}\``,
    backbones[name].family,
    String(shaped.parameters.filter(({ role }) => role !== 'auxiliary').length),
    figure(valuesOf(shaped, false)),
    figure(valuesOf(shaped, true)),
    `${(shaped.multiplyAdds / 1e9).toFixed(2)} G`,
    `${distribution}, by fan ${fan}`,
  ];
}

function valuesOf({ parameters }: ShapedGraph, auxiliary: boolean): number {
  return parameters
    .filter(({ role }) => (role === 'auxiliary') === auxiliary)
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

function figure(value: number): string {
  return value.toLocaleString('en-US');
}

/** Networks with the same options, by family. */
function families(names: readonly BackboneName[]): [family: string, members: readonly BackboneName[]][] {
  const groups = new Map<string, BackboneName[]>();
  for (const name of names) {
    const key = JSON.stringify([backbones[name].family, backbones[name].options]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].map((members) => [members[0] === undefined ? '' : backbones[members[0]].family, members]);
}

function options(family: string, members: readonly BackboneName[]): string[] {
  const [first] = members;
  const schemas =
    first === undefined ? [] : Object.entries<Readonly<Record<string, unknown>>>(backbones[first].options);
  return [
    `### ${family}: ${members.map((name) => `\`${name}\``).join(', ')}`,
    '',
    ...markdownTable(
      ['option', 'values', 'default', 'meaning'],
      schemas.map(([option, schema]) => [
        `\`${option}\``,
        Array.isArray(schema['enum']) ? schema['enum'].join(', ') : String(schema['type']),
        String(schema['default']),
        String(schema['description']),
      ]),
    ),
    '',
  ];
}
