import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineHandle } from '../../../src/net/engines/engine-handle.ts';
import { loadEngine } from '../../../src/net/engines/load.ts';
import { type Computed, computeNetwork, relativeDifference } from './compute-network.ts';
import { otherEngines, referenceEngine } from './engines.ts';
import { smallNetworks } from './small-networks.ts';

// The reference first: an engine that has been left is not asked again.
const reference = new Map<string, Computed>();

beforeAll(async () => {
  const engine = await referenceEngine();
  for (const [name, graph] of Object.entries(smallNetworks)) reference.set(name, computeNetwork(engine, graph));
});

describe.each(otherEngines())('the $name engine', (identity) => {
  let engine: EngineHandle;
  beforeAll(async () => {
    engine = await loadEngine(identity, { threads: 1 });
  });

  it.each(Object.keys(smallNetworks))('computes "%s" as the reference does, values and gradients', (name) => {
    const graph = smallNetworks[name];
    const wanted = reference.get(name);
    if (graph === undefined || wanted === undefined) throw new Error(`no network "${name}"`);
    const found = computeNetwork(engine, graph);
    expect([...found.keys()]).toEqual([...wanted.keys()]);
    const differences = [...wanted].map(([key, values]) => ({
      key,
      difference: relativeDifference(found.get(key) ?? new Float32Array(), values),
    }));
    expect(differences.filter(({ difference }) => difference > 1e-4)).toEqual([]);
  });

  it('leaves no tensor behind', () => {
    const before = engine.tf.memory().numTensors;
    for (const graph of Object.values(smallNetworks)) computeNetwork(engine, graph);
    expect(engine.tf.memory().numTensors).toBe(before);
  });
});
