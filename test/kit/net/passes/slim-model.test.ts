import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { slimModel } from '../../../../src/kit/net/passes/slim-model.ts';
import { randomParameters } from '../backends/small-networks.ts';

/** A classifier of ten people behind an embedding of six numbers. */
function classifier(embedding: string): Graph {
  const builder = new GraphBuilder();
  const dense = builder.add('fully-connected', embedding, builder.data, { units: 6, bias: true });
  const classes = builder.add('fully-connected', 'classes', dense, { units: 10, bias: false });
  const probabilities = builder.add('softmax', 'probabilities', classes);
  return builder.build({ channels: 3, height: 4, width: 4 }, probabilities);
}

function slimmed(graph: Graph): ReturnType<typeof slimModel> {
  return slimModel({ shaped: inferShapes(graph), parameters: randomParameters(graph, 1) });
}

describe('a slim model', () => {
  it.each(['fc1', 'embedding'])('ends in the embedding, here "%s", and keeps its parameters only', (name) => {
    const { shaped, parameters } = slimmed(classifier(name));
    expect(shaped.graph.outputs).toEqual([name]);
    expect(shaped.graph.layers.map((layer) => layer.name)).toEqual([name]);
    expect([...parameters.keys()]).toEqual([`${name}_weight`, `${name}_bias`]);
  });

  it('of a network that embeds is the network', () => {
    const { shaped, parameters } = slimmed(classifier('fc1'));
    const again = slimModel({ shaped, parameters });
    expect(again).toEqual({ shaped, parameters });
  });

  it('cannot be made of a network without an embedding', () => {
    const builder = new GraphBuilder();
    const graph = builder.build({ channels: 3, height: 4, width: 4 }, builder.add('softmax', 'map', builder.data));
    expect(() => slimmed(graph)).toThrow(FailureError);
  });
});
