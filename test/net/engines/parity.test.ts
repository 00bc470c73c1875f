import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineHandle } from '../../../src/net/engines/engine-handle.ts';
import { loadEngine } from '../../../src/net/engines/load.ts';
import type { Graph } from '../../../src/net/graph.ts';
import type { NamedArray } from '../../../src/net/named-array.ts';
import { type Computed, computeNetwork, differencesAbove, type Limits } from './compute-network.ts';
import { otherEngines, referenceEngine } from './engines.ts';
import { familyParameters, type SmallFamily, smallFamilies, withoutBends } from './small-families.ts';
import { randomParameters, smallNetworks } from './small-networks.ts';

interface Case {
  readonly name: string;
  readonly graph: Graph;
  readonly parameters: ReadonlyMap<string, NamedArray>;
  readonly batch: number;
  readonly limits: Limits;
}

const strict: Limits = { values: 1e-4, trainingValues: 1e-4, gradients: 1e-4 };

const cases: readonly Case[] = [
  ...Object.entries(smallNetworks).map(([name, graph]) => ({
    name,
    graph,
    parameters: randomParameters(graph, 1),
    batch: 3,
    limits: strict,
  })),
  ...Object.entries(smallFamilies).flatMap(([name, family]) =>
    family.hasCloseCalls === true
      ? [
          { ...familyCase(name, family), limits: { values: 1e-4, trainingValues: 5e-3, gradients: Infinity } },
          familyCase(`${name} without bends`, withoutBends(family)),
        ]
      : [familyCase(name, family)],
  ),
];

function familyCase(name: string, family: SmallFamily): Case {
  return {
    name,
    graph: family.graph,
    parameters: familyParameters(family),
    // Their last layer normalises each value over the batch: over three samples that leaves little but rounding.
    batch: 8,
    // Back through a dozen layers that subtract means, in single precision.
    limits: { ...strict, gradients: 5e-4 },
  };
}

// The reference first: an engine that has been left is not asked again.
const reference = new Map<string, Computed>();

beforeAll(async () => {
  const engine = await referenceEngine();
  for (const { name, graph, ...options } of cases) reference.set(name, computeNetwork(engine, graph, options));
}, 120_000);

describe.each(otherEngines())('the $name engine', (identity) => {
  let engine: EngineHandle;
  beforeAll(async () => {
    engine = await loadEngine(identity, { threads: 1 });
  });

  it.each(cases)(
    'computes $name as the reference does, values and gradients',
    ({ name, graph, limits, ...options }) => {
      const wanted = reference.get(name) ?? new Map<string, Float32Array>();
      const found = computeNetwork(engine, graph, options);
      expect([...found.keys()]).toEqual([...wanted.keys()]);
      expect(differencesAbove(limits, found, wanted)).toEqual([]);
    },
  );

  it('leaves no tensor behind', () => {
    const before = engine.tf.memory().numTensors;
    for (const graph of Object.values(smallNetworks)) computeNetwork(engine, graph);
    expect(engine.tf.memory().numTensors).toBe(before);
  });
});
