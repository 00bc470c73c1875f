import { embeddingOutput } from '../model/embedding-output.ts';
import type { ParameterizedGraph } from '../model/model.ts';
import type { Graph, LayerNode } from '../graph/graph.ts';
import { reachableLayers } from '../graph/reachable.ts';
import { inferShapes } from '../graph/infer-shapes.ts';

/**
 * The embedding part of a network: what only training needs goes, softmax, classifier and their parameters. The embedding
 * is the layer `fc1`, as all networks of 2018 name it; without one it is what the classifier takes, and without a softmax
 * the network itself. Fails with `not-an-embedding`.
 */
export function slimModel({ shaped, parameters }: ParameterizedGraph, file?: string): ParameterizedGraph {
  const { graph } = shaped;
  const output = graph.layers.find(({ name }) => name === 'fc1')?.name ?? beforeClassifier(graph);
  const outputs = output === undefined ? graph.outputs : [output];
  const slim = inferShapes({ ...graph, layers: reachableLayers(graph.layers, outputs), outputs }, file);
  embeddingOutput(slim, file);
  const kept = slim.parameters.flatMap(({ name }) => {
    const array = parameters.get(name);
    return array === undefined ? [] : [[name, array] as const];
  });
  return { shaped: slim, parameters: new Map(kept) };
}

/** What goes into the fully connected layer before a softmax at the end. */
function beforeClassifier({ layers, outputs }: Graph): string | undefined {
  const named = (name: string | undefined): LayerNode | undefined => layers.find((layer) => layer.name === name);
  const softmax = outputs.map(named).find((layer) => layer?.kind === 'softmax');
  const classifier = named(softmax?.inputs[0]);
  return classifier?.kind === 'fully-connected' ? classifier.inputs[0] : undefined;
}
