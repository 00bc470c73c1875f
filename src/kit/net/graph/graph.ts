import type { AttributesOf, LayerKind } from './layers/index.ts';

/** The name by which layers refer to the images that enter a network, as in MXNet's symbols. */
export const inputName = 'data';

/** One layer of a graph. */
export type LayerNode = { readonly [Kind in LayerKind]: LayerNodeOf<Kind> }[LayerKind];

export interface LayerNodeOf<Kind extends LayerKind> {
  /** Unique in the graph; parameters are named after it. */
  readonly name: string;
  readonly kind: Kind;
  /** Names of layers before it, or {@link inputName}. */
  readonly inputs: readonly string[];
  readonly attributes: AttributesOf<Kind>;
  /** Names of parameters that do not follow `<layer>_<suffix>`, by suffix. */
  readonly parameterNames?: Readonly<Record<string, string>>;
}

/** A network as data. Images enter as RGB values 0..255. */
export interface Graph {
  readonly input: { readonly channels: number; readonly height: number; readonly width: number };
  /** Each after those it takes its inputs from. */
  readonly layers: readonly LayerNode[];
  /** The layers whose values are the result; at least one, and one alone for an embedding. */
  readonly outputs: readonly string[];
}
