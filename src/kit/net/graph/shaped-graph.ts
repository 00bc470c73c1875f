import type { FeatureShape } from './feature-shape.ts';
import type { Graph } from './graph.ts';
import type { ParameterDeclaration } from './layers/layer-definition.ts';

/** A parameter of a graph. */
export interface GraphParameter extends ParameterDeclaration {
  /** Full name, as in MXNet. */
  readonly name: string;
  readonly layer: string;
}

/** What follows from a graph: all shapes, all parameters. */
export interface ShapedGraph {
  readonly graph: Graph;
  /** By layer name, and `inputName`. */
  readonly shapes: ReadonlyMap<string, FeatureShape>;
  /** In the order of the layers. */
  readonly parameters: readonly GraphParameter[];
  /** For one sample. */
  readonly multiplyAdds: number;
  /** By layer name, for layers that have any. */
  readonly multiplyAddsOf: ReadonlyMap<string, number>;
}
