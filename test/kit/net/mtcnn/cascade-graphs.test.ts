import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mxnetParams, toFloat32 } from '../../../../src/kit/codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { elementCount } from '../../../../src/kit/net/graph/feature-shape.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import {
  landmarkNetwork,
  outputNetwork,
  proposalNetwork,
  refinementNetwork,
} from '../../../../src/kit/net/mtcnn/cascade-graphs.ts';
import { otherEngines, referenceEngine } from '../backends/engines.ts';

const folder = '../shared/data/mtcnn';

/** Outputs, NHWC, for the image below; specification, evaluation 1.4, in float64 with the authors' weights. */
interface Case {
  readonly name: string;
  readonly file: string;
  readonly graph: Graph;
  readonly floats: number;
  readonly wanted: readonly (readonly (number | undefined)[])[];
}

const cases: readonly Case[] = [
  {
    name: 'PNet',
    file: 'det1',
    graph: proposalNetwork({ height: 14, width: 16 }),
    floats: 6632,
    wanted: [
      [
        ...[-0.114279, -0.088639, 0.135546, 0.342323],
        ...Array.from({ length: 16 }, () => undefined),
        ...[-0.220478, -0.335667, -0.086843, -0.037998],
      ],
      [0.000373, 0.002464, 0.001437, 0.001265, 0.001433, 0.000365].flatMap((face) => [1 - face, face]),
    ],
  },
  {
    name: 'RNet',
    file: 'det2',
    graph: refinementNetwork(),
    floats: 100_178,
    wanted: [
      [-0.247549, -0.337328, 0.315023, 0.534082],
      [0.999984, 0.000016],
    ],
  },
  {
    name: 'ONet',
    file: 'det3',
    graph: outputNetwork(),
    floats: 389_040,
    wanted: [
      [0.386939, 0.811382, 0.642814, 0.423363, 0.779812, 0.297062, 0.318897, 0.633486, 0.848895, 0.864204],
      [-0.038817, -0.066642, 0.172594, 0.170325],
      [0.997204, 0.002796],
    ],
  },
  {
    name: 'LNet',
    file: 'det4',
    graph: landmarkNetwork(),
    floats: 948_102,
    wanted: [
      [-0.075572, 0.815464],
      [0.426122, 0.249266],
      [-0.128642, 0.019342],
      [0.804292, 0.509643],
      [1.022384, -0.240934],
    ],
  },
];

/** ((37 c + 11 y + 5 x) mod 256 - 127.5) / 128, in the order row, column, channel. */
function ramp({ height, width, channels }: Graph['input']): Float32Array {
  return Float32Array.from({ length: height * width * channels }, (_, index) => {
    const [channel, pixel] = [index % channels, Math.floor(index / channels)];
    const value = (37 * channel + 11 * Math.floor(pixel / width) + 5 * (pixel % width)) % 256;
    return (value - 127.5) * 0.0078125;
  });
}

function authorsWeights(file: string): Map<string, NamedArray> {
  const arrays = decodeFile(mxnetParams, `${folder}/${file}-0001.params`).map((array): [string, NamedArray] => {
    const name = array.name.replace(/^arg:/, '');
    return [name, { name, shape: array.shape, values: toFloat32(array) }];
  });
  return new Map(arrays);
}

describe('the networks of MTCNN', () => {
  it.each(cases)('$name has $floats values to learn', ({ graph, floats }) => {
    const { parameters } = inferShapes(graph);
    expect(parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0)).toBe(floats);
  });

  it.skipIf(!existsSync(folder)).each(cases)(
    `$name takes exactly the arrays of the authors' file (needs ${folder})`,
    ({ graph, file }) => {
      const shapeOf = ({ name, shape }: { name: string; shape: readonly number[] }): string =>
        `${name} [${shape.join()}]`;
      const found = inferShapes(graph).parameters.map(shapeOf);
      expect(found.toSorted()).toEqual([...authorsWeights(file).values()].map(shapeOf).toSorted());
    },
  );

  it
    .skipIf(!existsSync(folder))
    .each([undefined, ...otherEngines()].map((identity) => ({ name: identity?.name ?? 'cpu', identity })))(
    `give the numbers of the specification on $name (needs ${folder})`,
    async ({ identity }) => {
      const engine = identity === undefined ? await referenceEngine() : await loadBackend(identity, { threads: 1 });
      const { tf } = engine;
      for (const { graph, file, wanted } of cases) {
        const network = new GraphExecutor(engine, inferShapes(graph), authorsWeights(file));
        const { height, width, channels } = graph.input;
        const image = tf.tensor4d(ramp(graph.input), [1, height, width, channels]);
        const found = network.infer(image).map((output) => [...output.dataSync()]);
        expect(found.map((values) => values.length)).toEqual(wanted.map((values) => values.length));
        for (const [index, values] of wanted.entries()) {
          for (const [position, value] of values.entries()) {
            // Six decimals are given, and float32 adds as much again.
            if (value !== undefined) expect(Math.abs((found[index]?.[position] ?? NaN) - value)).toBeLessThan(2e-6);
          }
        }
        network.dispose();
        image.dispose();
      }
    },
  );
});
