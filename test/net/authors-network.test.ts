import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mxnetParams, toFloat32 } from '../../src/format/mxnet-params.ts';
import { decodeFile } from '../../src/format/read-file.ts';
import { buildNetwork } from '../../src/net/backbones/index.ts';
import { loadEngine } from '../../src/net/engines/load.ts';
import { Network } from '../../src/net/engines/network.ts';
import { inferGraph } from '../../src/net/infer-graph.ts';
import type { NamedArray } from '../../src/net/named-array.ts';
import { networkEmbedder } from '../../src/net/network-embedder.ts';
import { otherEngines } from './engines/engines.ts';

const checkpoint = '../shared/data/models/mobilefacenet-y1/model-0000.params';
const side = 112;

// Embeddings that MXNet 1.1.0 gives for the original authors' checkpoint; specification, section 8.
const ramps = [0.299836, -0.042476, 0.004281, -0.236532, -0.363795, 0.242892];

function readParameters(): Map<string, NamedArray> {
  const arrays = decodeFile(mxnetParams, checkpoint).map((array) => {
    const name = array.name.replace(/^(arg|aux):/, '');
    return [name, { name, shape: array.shape, values: toFloat32(array) }] as const;
  });
  return new Map(arrays);
}

/** (2 row + 3 column + 50 channel) mod 256. */
function rampPicture(): Uint8Array {
  return Uint8Array.from({ length: side * side * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    return (2 * Math.floor(pixel / side) + 3 * (pixel % side) + 50 * (index % 3)) % 256;
  });
}

describe.skipIf(!existsSync(checkpoint))(`the authors' MobileFaceNet (${checkpoint})`, () => {
  it.each(otherEngines())('embeds on $name as in MXNet', async (identity) => {
    const engine = await loadEngine(identity, { threads: 1 });
    const graph = buildNetwork({ name: 'y1', embeddingSize: 128, bnMomentum: 0.9 }, { height: side, width: side });
    const inferred = inferGraph(graph);
    const parameters = readParameters();
    expect(new Set(inferred.parameters.map(({ name }) => name))).toEqual(new Set(parameters.keys()));
    const embedder = networkEmbedder(engine, new Network(engine, inferred, parameters), inferred);
    const embedding = await embedder.embed(rampPicture(), 1);
    const difference = Math.max(...ramps.map((wanted, index) => Math.abs(wanted - (embedding[index] ?? NaN))));
    expect(difference).toBeLessThan(1e-5);
    expect(Math.hypot(...embedding)).toBeCloseTo(3.400302, 5);
    embedder.dispose();
  });
});
