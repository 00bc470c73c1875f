import type { Json } from '../../../core/digest.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';

/** A parameter's values, in MXNet's layout, row by row. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A network with its arrays. */
export interface ParameterizedGraph {
  readonly shaped: ShapedGraph;
  /** By name. */
  readonly parameters: ReadonlyMap<string, NamedArray>;
}

/** How a model came to be; for people, not for programs. */
export type ModelOrigin = Readonly<Record<string, Json>>;

/** A network with its parameters, and where it is from. */
export interface Model extends ParameterizedGraph {
  readonly origin: ModelOrigin;
  /** What had to be assumed in reading it, for people; absent if nothing was. */
  readonly notes?: readonly string[];
}
