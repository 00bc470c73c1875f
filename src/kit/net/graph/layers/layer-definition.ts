import type { FeatureShape } from '../feature-shape.ts';
import type { ValueSchema } from '../value-schema.ts';

/**
 * `trainable` is changed by the optimiser, `auxiliary` by the forward pass in training (moving statistics), `fixed` never
 * changes (the gamma of a batch normalisation with fixGamma; MXNet resets it to 1 whatever a file holds).
 */
export type ParameterRole = 'trainable' | 'auxiliary' | 'fixed';

export interface ParameterDeclaration {
  /** Last part of the MXNet name: `weight` of `conv0_weight`. */
  readonly suffix: string;
  /** In MXNet's layout. */
  readonly shape: readonly number[];
  readonly role: ParameterRole;
  /** A number that fills the array, or Xavier's rule. */
  readonly initial: number | 'xavier';
}

/** The shape of a layer's output, or why the layer cannot take its inputs: continues after the layer's name. */
export type ShapeResult = { readonly shape: FeatureShape } | { readonly problem: string };

/** How outlines of networks show a layer. */
export interface LayerOutline<Attributes> {
  /** A few words: `conv 3x3, 64, /2`. */
  readonly words: (attributes: Attributes) => string;
  /** It does not begin a group: it belongs to what is before it. */
  readonly follows?: true;
  /** MXNet names such nodes by number, so that their names do not say which unit they belong to. */
  readonly isNumbered?: true;
}

/** A small use of a layer, for the tests that every kind has to pass: on all backends, and in all formats and back. */
export interface LayerExample<Attributes> {
  readonly attributes: Attributes;
  /** [channels, 9, 8], [channels, 1, 1] or [length] each; [4, 9, 8] for as many as the layer takes unless given. */
  readonly inputs?: readonly FeatureShape[];
}

/** One kind of layer, apart from how it is computed, which the backends know. */
export interface LayerDefinition<Attributes> {
  readonly summary: string;
  /** How many inputs it takes. */
  readonly inputs: number | 'one or more';
  /** JSON schema of each attribute. All of them are required, and there are no others. */
  readonly attributes: Readonly<Record<string, ValueSchema>> & {
    readonly [Name in keyof Attributes]-?: ValueSchema;
  };
  readonly outputShape: (attributes: Attributes, inputs: readonly FeatureShape[]) => ShapeResult;
  /** In the order of MXNet's operator inputs; none unless given. */
  readonly parameters?: (attributes: Attributes, inputs: readonly FeatureShape[]) => readonly ParameterDeclaration[];
  /** Multiplications with an addition, for one sample; 0 unless given. */
  readonly multiplyAdds?: (attributes: Attributes, inputs: readonly FeatureShape[], output: FeatureShape) => number;
  readonly outline: LayerOutline<Attributes>;
  readonly example: LayerExample<Attributes>;
}

/** The shape rule of layers that change values only. */
export function sameShape(_attributes: unknown, [input = []]: readonly FeatureShape[]): ShapeResult {
  return { shape: input };
}

/** What a layer of feature maps says to other inputs. */
export function takesMaps(input: FeatureShape): ShapeResult {
  return { problem: `takes [channels, height, width], not [${input.join(', ')}]` };
}

/** The weight of a layer, and its bias if it has one. */
export function weightAndBias(shape: readonly number[], bias: boolean): readonly ParameterDeclaration[] {
  const weight = { suffix: 'weight', shape, role: 'trainable', initial: 'xavier' } as const;
  return bias ? [weight, { suffix: 'bias', shape: shape.slice(0, 1), role: 'trainable', initial: 0 }] : [weight];
}
