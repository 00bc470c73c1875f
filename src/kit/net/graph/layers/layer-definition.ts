/** Size of what a layer takes or gives for one sample: [channels, height, width], or [length] once it is flat. */
export type FeatureShape = readonly number[];

/** What values an attribute may have; enough to check a graph that comes from a file. */
export type AttributeRule =
  | { readonly type: 'integer'; readonly minimum: number }
  | { readonly type: 'number'; readonly minimum?: number; readonly below?: number }
  | { readonly type: 'boolean' }
  /** Height and width. */
  | { readonly type: 'pair'; readonly minimum: number }
  | { readonly type: 'choice'; readonly of: readonly string[] };

export type AttributeRules = Readonly<Record<string, AttributeRule>>;

/**
 * `trainable` is changed by the optimiser, `auxiliary` by the forward pass in training (moving statistics), `fixed` by
 * nobody (the gamma of a batch normalisation with fixGamma; MXNet resets it to 1 whatever a file holds).
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

/** What one kind of layer is, apart from how it is computed: that is the business of the engines. */
export interface LayerDefinition<Attributes> {
  readonly summary: string;
  /** How many inputs it takes. */
  readonly inputs: number | 'one or more';
  readonly attributes: AttributeRules & { readonly [Name in keyof Attributes]-?: AttributeRule };
  /** The shape it gives, or a sentence on why it cannot take these inputs. */
  outputShape(attributes: Attributes, inputs: readonly FeatureShape[]): FeatureShape | string;
  /** In the order of MXNet's operator inputs. */
  parameters(attributes: Attributes, inputs: readonly FeatureShape[]): readonly ParameterDeclaration[];
  /** Multiplications with an addition, for one sample. */
  multiplyAdds(attributes: Attributes, inputs: readonly FeatureShape[], output: FeatureShape): number;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
