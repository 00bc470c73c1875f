import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layersOfNet } from '../../../src/format/caffe/layers-of-net.ts';
import type { NetParameter } from '../../../src/format/caffe/schema.ts';
import { caffemodel } from '../../../src/format/caffemodel.ts';
import { decodeFile } from '../../../src/format/read-file.ts';
import type { EngineHandle } from '../../../src/net/engines/engine-handle.ts';
import { Network } from '../../../src/net/engines/network.ts';
import type { Graph } from '../../../src/net/graph.ts';
import { inferGraph } from '../../../src/net/infer-graph.ts';
import type { Model } from '../../../src/net/model-folder.ts';
import { caffe } from '../../../src/net/model-formats/caffe/index.ts';
import { tally } from '../../../src/format/inspect/inspection.ts';
import { failuresOf } from '../../format/tiny-faces.ts';
import { relativeDifference } from '../engines/compute-network.ts';
import { referenceEngine } from '../engines/engines.ts';
import { randomParameters, randomValues, smallNetworks } from '../engines/small-networks.ts';

const folder = mkdtempSync(join(tmpdir(), 'faceflow-caffe-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let engine: EngineHandle;
beforeAll(async () => {
  engine = await referenceEngine();
});

function modelOf(graph: Graph): Model {
  return { inferred: inferGraph(graph), parameters: randomParameters(graph, 1), origin: {} };
}

/** What a model gives for two fixed inputs, output by output. */
function valuesOf({ inferred, parameters }: Model): Float32Array[] {
  const { height, width, channels } = inferred.graph.input;
  const network = new Network(engine, inferred, parameters);
  const input = engine.tf.tensor4d(randomValues(2 * height * width * channels, 5), [2, height, width, channels]);
  const outputs = network.infer(input);
  const values = outputs.map((output) => Float32Array.from(output.dataSync()));
  engine.tf.dispose([input, ...outputs]);
  network.dispose();
  return values;
}

function roundTrip(name: string, model: Model, normalization: 'inside' | 'outside' = 'outside'): Model {
  const path = join(folder, `${name.replaceAll(/[^\w]/g, '-')}.caffemodel`);
  caffe.write(path, model, { normalization });
  return caffe.read(path, {});
}

/** Kinds that Caffe has no layer for. */
const inexpressible = ['softsign', 'equalize norms', 'equal norms'];

describe('a network that goes to Caffe and comes back', () => {
  const expressible = Object.entries(smallNetworks).filter(([name]) => !inexpressible.includes(name));

  it.each(expressible)('gives the same values: %s', (name, graph) => {
    const model = modelOf(graph);
    for (const normalization of ['inside', 'outside'] as const) {
      const wanted = valuesOf(model);
      const found = valuesOf(roundTrip(name, model, normalization));
      expect(found).toHaveLength(wanted.length);
      for (const [index, values] of found.entries()) {
        expect(relativeDifference(values, wanted[index] ?? new Float32Array())).toBeLessThan(1e-6);
      }
    }
  });
});
