import type { FeatureShape } from './feature-shape.ts';
import { type AttributesOf, type LayerKind, layers } from './layers/index.ts';
import type { LayerDefinition, LayerOutline, ParameterDeclaration, ShapeResult } from './layers/layer-definition.ts';

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

/** Size of an image in pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** A layer that has no name yet. */
export type UnnamedLayer<Kind extends LayerKind> = Pick<LayerNodeOf<Kind>, 'kind' | 'inputs' | 'attributes'>;

/** A network as data. Images enter as RGB values 0..255. */
export interface Graph {
  readonly input: ImageSize & { readonly channels: number };
  /** Each after those it takes its inputs from. */
  readonly layers: readonly LayerNode[];
  /** The layers whose values are the result; at least one, and one alone for an embedding. */
  readonly outputs: readonly string[];
}

/** A layer of one kind as one of any kind: a step that the compiler does not follow where the kind is a type parameter. */
export function layerNode<Kind extends LayerKind>(node: LayerNodeOf<Kind>): LayerNode {
  return node as LayerNode;
}

/** The full name of a parameter, as in MXNet. */
export function parameterName(
  { name, parameterNames }: Pick<LayerNode, 'name' | 'parameterNames'>,
  suffix: string,
): string {
  return parameterNames?.[suffix] ?? `${name}_${suffix}`;
}

/** The definition of a layer, applied to its attributes: for code that treats all kinds alike. */
export interface Layer {
  readonly inputs: number | 'one or more';
  readonly outline: Omit<LayerOutline<never>, 'words'>;
  words(): string;
  outputShape(inputs: readonly FeatureShape[]): ShapeResult;
  parameters(inputs: readonly FeatureShape[]): readonly ParameterDeclaration[];
  multiplyAdds(inputs: readonly FeatureShape[], output: FeatureShape): number;
}

/** What is known about a layer of a graph. */
export function layerOf(node: LayerNode): Layer {
  return applied(node);
}

const definitions: { readonly [Kind in LayerKind]: LayerDefinition<AttributesOf<Kind>> } = layers;

function applied<Kind extends LayerKind>({ kind, attributes }: LayerNodeOf<Kind>): Layer {
  const definition = definitions[kind];
  return {
    inputs: definition.inputs,
    outline: definition.outline,
    words: () => definition.outline.words(attributes),
    outputShape: (inputs) => definition.outputShape(attributes, inputs),
    parameters: (inputs) => definition.parameters?.(attributes, inputs) ?? [],
    multiplyAdds: (inputs, output) => definition.multiplyAdds?.(attributes, inputs, output) ?? 0,
  };
}
