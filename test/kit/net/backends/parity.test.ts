import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { type Computed, type ComputeOptions, computeNetwork, differencesAbove } from './compute-network.ts';
import { everyEngine, referenceEngine } from './engines.ts';
import { familyParameters, smallFamilies } from './small-families.ts';
import { randomPixels, smallNetworks } from './small-networks.ts';

interface Case {
  readonly name: string;
  readonly graph: Graph;
  readonly options: ComputeOptions;
}

/** Greatest relative difference of anything an engine computes: values, gradients, moving statistics. */
const limit = 1e-4;

const cases: readonly Case[] = [
  ...Object.entries(smallNetworks).map(([name, graph]) => ({ name, graph, options: {} })),
  ...Object.entries(smallFamilies).map(([name, family]) => ({
    name,
    graph: family.graph,
    // Their last layer normalises each value over the batch: over three samples that leaves little but rounding.
    options: { parameters: familyParameters(family), batch: 8, drawPixels: randomPixels },
  })),
];

/**
 * Where each kind of kernel takes seconds until its program is translated: every kind of layer, and one network of each family;
 * `FLOW_WEBGPU=all` has all of them.
 */
const onEachProcessor = [...Object.keys(smallNetworks), 'resnet', 'densenet', 'dual path', 'inception-resnet', 'spherenet', 'y1']; // prettier-ignore
const casesOn = (engine: string): readonly Case[] =>
  engine === 'webgpu' && process.env['FLOW_WEBGPU'] !== 'all'
    ? cases.filter(({ name }) => onEachProcessor.includes(name))
    : cases;

// The reference first: an engine that has been left is not asked again.
const reference = new Map<string, Computed>();

beforeAll(async () => {
  const engine = await referenceEngine();
  for (const { name, graph, options } of cases) {
    reference.set(name, await computeNetwork(engine, graph, options));
  }
}, 600_000);

describe.each(everyEngine())('the $name engine', (identity) => {
  let engine: Backend;
  beforeAll(async () => {
    engine = await loadBackend(identity, { threads: 1 });
  });

  it.each(casesOn(identity.name))(
    'computes $name as the reference does, values and gradients',
    async ({ name, graph, options }) => {
      const wanted = reference.get(name) ?? new Map<string, Float32Array>();
      const found = await computeNetwork(engine, graph, options);
      expect([...found.keys()]).toEqual([...wanted.keys()]);
      expect(differencesAbove(limit, found, wanted)).toEqual([]);
    },
  );

  it('leaves no tensor behind', async () => {
    const before = engine.tf.memory().numTensors;
    for (const graph of Object.values(smallNetworks)) await computeNetwork(engine, graph);
    expect(engine.tf.memory().numTensors).toBe(before);
  });
});
