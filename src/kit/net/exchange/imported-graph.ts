import type { FeatureShape } from '../graph/feature-shape.ts';
import { type Graph, inputName, layerOf, type LayerNode } from '../graph/graph.ts';

/** The graph that a reader makes of a file, as far as it has come. */
export class ImportedGraph {
  readonly layers: LayerNode[] = [];
  readonly #shapes = new Map<string, FeatureShape>();

  constructor({ channels, height, width }: Graph['input']) {
    this.#shapes.set(inputName, [channels, height, width]);
  }

  /** Empty if the layer cannot take its inputs; `inferShapes` reports why when the graph is whole. */
  shapeOf(layer: string): FeatureShape {
    return this.#shapes.get(layer) ?? [];
  }

  /** Returns the layer's name, by which others take its value. */
  add(node: LayerNode): string {
    const result = layerOf(node).outputShape(node.inputs.map((input) => this.shapeOf(input)));
    if ('shape' in result) this.#shapes.set(node.name, result.shape);
    this.layers.push(node);
    return node.name;
  }
}

/** For people: of an `equalize-norms` whose file takes the mean of the norms over the batch too, as in training. */
export function batchMeanNote(node: string): string {
  return (
    `Node "${node}" takes the mean of the norms over all images of a batch; here it is taken over each image by itself, ` +
    'so that an embedding does not depend on its neighbours.'
  );
}
