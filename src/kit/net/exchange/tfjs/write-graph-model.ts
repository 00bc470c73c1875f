import { packageVersion } from '../../../../core/package-folder.ts';
import { fail } from '../../../../core/failure.ts';
import type { GraphModel, TensorInfo } from '../../../codec/tfjs/graph-model.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { inputName, layerNode, type LayerNodeOf, parameterName } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { Model } from '../../model/model.ts';
import { notExpressible, written } from '../not-in.ts';
import { GraphDefWriter, type WrittenWeight } from './graph-def-writer.ts';
import { layerWriters } from './layer-writers.ts';

/** The mark of our files, which normalise their images themselves; the version stands behind it. */
export const producerName = 'faceflow';

export interface WrittenGraph {
  /** Without the manifest of the weights. */
  readonly model: Omit<GraphModel, 'weights'>;
  readonly weights: readonly WrittenWeight[];
}

/**
 * The network as a GraphDef: input `data` [N, height, width, channels], float32, RGB 0..255, any batch; one output for each of
 * the graph's, by the layer's name as far as TensorFlow takes it. Fails with `not-expressible`.
 */
export function graphModelOf(model: Model): WrittenGraph {
  const { graph, shapes } = model.shaped;
  const writer = new GraphDefWriter();
  // First of all, so that layers have their names.
  const names = new Map([inputName, ...graph.layers.map(({ name }) => name)].map((name) => [name, writer.free(name)]));
  const nameOf = (layer: string): string => names.get(layer) ?? '';
  const shapeOf = (layer: string): number[] => batchOf(shapes.get(layer) ?? []);
  writer.placeholder(nameOf(inputName), shapeOf(inputName));
  for (const node of graph.layers) writeLayer(writer, node, { model, nameOf });
  const tensors = (layers: readonly string[]): Record<string, TensorInfo> =>
    Object.fromEntries(
      layers.map((layer) => [nameOf(layer), { name: `${nameOf(layer)}:0`, shape: shapeOf(layer) }] as const),
    );
  return {
    model: {
      nodes: writer.nodes,
      signature: { inputs: tensors([inputName]), outputs: tensors(graph.outputs) },
      generatedBy: `${producerName} ${packageVersion()}`,
      metadata: metadataOf(model),
    },
    weights: writer.weights,
  };
}

/** NHWC, or rows; -1: as many as there are. */
function batchOf([channels = 0, ...size]: FeatureShape): number[] {
  return [-1, ...size, channels];
}

function writeLayer<Kind extends LayerKind>(
  writer: GraphDefWriter,
  node: LayerNodeOf<Kind>,
  { model, nameOf }: { readonly model: Model; readonly nameOf: (layer: string) => string },
): void {
  const { shaped, parameters } = model;
  const shapeOf = (layer: string): FeatureShape => shaped.shapes.get(layer) ?? [];
  const output = written(layerWriters[node.kind], {
    node,
    name: nameOf(node.name),
    writer,
    inputs: node.inputs.map(nameOf),
    shapes: node.inputs.map(shapeOf),
    outputShape: shapeOf(node.name),
    parameter(suffix) {
      const array = parameters.get(parameterName(node, suffix));
      if (array === undefined) throw new Error(`layer "${node.name}" has no parameter "${suffix}"`);
      return array;
    },
  });
  if (typeof output === 'object') fail(notExpressible(layerNode(node), output));
}

/** For the pages that use the model, what its card says: TensorFlow.js does not look at it. */
function metadataOf({ shaped: { graph }, origin }: Model): NonNullable<GraphModel['metadata']> {
  const { height, width, channels } = graph.input;
  return {
    input: {
      ...{ layout: 'NHWC', height, width, channels },
      ...(channels === 3 ? { colorOrder: 'RGB' } : {}),
      ...{ minimum: 0, maximum: 255, normalization: 'part of the graph' },
    },
    origin,
  };
}
