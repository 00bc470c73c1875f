import { type LayerDefinition, sameShape } from './layer-definition.ts';

export interface BatchNormalizationAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
  /** Share of the old moving statistics that a training step keeps. */
  readonly momentum: number;
  /** Gamma is 1 and is not trained. */
  readonly fixGamma: boolean;
}

/** MXNet's `BatchNorm` over the channels (or the elements of a flat input); variances are the biased ones. */
export const batchNormalization: LayerDefinition<BatchNormalizationAttributes> = {
  summary: 'Normalises each channel: statistics of the batch in training, moving statistics otherwise.',
  inputs: 1,
  attributes: {
    epsilon: { type: 'number', minimum: 0 },
    momentum: { type: 'number', minimum: 0, exclusiveMaximum: 1 },
    fixGamma: { type: 'boolean' },
  },
  outputShape: sameShape,
  parameters({ fixGamma }, [input = []]) {
    const shape = [input[0] ?? 0];
    return [
      { suffix: 'gamma', shape, role: fixGamma ? 'fixed' : 'trainable', initial: 1 },
      { suffix: 'beta', shape, role: 'trainable', initial: 0 },
      { suffix: 'moving_mean', shape, role: 'auxiliary', initial: 0 },
      { suffix: 'moving_var', shape, role: 'auxiliary', initial: 1 },
    ];
  },
  outline: { words: () => 'batch norm', follows: true },
  example: { attributes: { epsilon: 1e-3, momentum: 0.9, fixGamma: false } },
};
