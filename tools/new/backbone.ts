import type { Names, Part } from './part.ts';

/** Two convolutions, the mean over the image, and a fully connected layer. */
export function newBackbone({ kebab, camel, pascal, words, key }: Names): Part {
  return {
    files: {
      [`src/kit/net/backbones/${kebab}.ts`]: `
import type { Graph, ImageSize } from '../graph/graph.ts';
import { type Backbone, embeddingSizeOption } from './backbone.ts';
import { NetworkBuilder } from './network-builder.ts';

export interface ${pascal}Options {
  readonly embeddingSize: number;
}

/** Two convolutions, of stride 2 each. */
export const ${camel}: Backbone<${pascal}Options> = {
  family: '${pascal}',
  summary: 'Two convolutions and the mean over the image (${words}).',
  options: { embeddingSize: embeddingSizeOption },
  weights: { distribution: 'gaussian', fan: 'in' },
  build: (options, size) => build${pascal}(16, options, size),
};

/** The network with \`width\` channels in its first layer. */
export function build${pascal}(width: number, { embeddingSize }: ${pascal}Options, size: ImageSize): Graph {
  const builder = new NetworkBuilder();
  let layer = builder.normalizeInput();
  for (const [index, filters] of [width, 2 * width].entries()) {
    layer = builder.convolve(\`conv\${index + 1}\`, layer, { filters, kernel: 3, stride: 2, pad: 1 });
    layer = builder.activate(\`relu\${index + 1}\`, layer, 'prelu');
  }
  layer = builder.averageOverImage('pool', layer);
  const embedding = builder.add('fully-connected', 'fc1', layer, { units: embeddingSize, bias: true });
  return builder.build({ channels: 3, ...size }, embedding);
}
`,
    },
    registrations: [
      {
        path: 'src/kit/net/backbones/index.ts',
        literal: 'backbones',
        entry: key === camel ? camel : `${key}: ${camel}`,
        place: 'last',
        from: `import { ${camel} } from './${kebab}.ts';`,
      },
      {
        path: 'test/kit/net/backbones/backbones.test.ts',
        literal: 'table',
        entry: `{ network: name('${kebab}'), args: [6, 21_984], aux: [0, 0] }`,
        place: 'last',
      },
      {
        path: 'test/kit/net/backends/small-families.ts',
        literal: 'smallFamilies',
        entry: `${key}: { graph: build${pascal}(4, { embeddingSize }, image), weights: ${camel}.weights }`,
        place: 'last',
        from: `import { build${pascal}, ${camel} } from '../../../../src/kit/net/backbones/${kebab}.ts';`,
      },
    ],
    left: [
      'the network itself, with the layer names of its authors',
      'its counts of arrays and values from another source: the table of test/kit/net/backbones/backbones.test.ts fails with those found',
      'npm run generate -- --same-version: docs/networks.md and the schema of experiments (test/generated.test.ts tells)',
    ],
  };
}
