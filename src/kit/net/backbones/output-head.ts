import type { Graph } from '../graph/graph.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { NetworkBuilder } from './network-builder.ts';

/** Batch normalisation as ResNets, DenseNets and all output heads have it. */
export const headNormalization = { epsilon: 2e-5, momentum: 0.9, fixGamma: false };

/** The network so far, and what is to come out of it. */
export interface FeatureMap {
  readonly builder: NetworkBuilder;
  /** Size of the images that enter the network. */
  readonly image: Graph['input'];
  /** The layer whose value is the last feature map. */
  readonly layer: string;
  readonly embeddingSize: number;
}

/**
 * What makes an embedding of the last feature map, by its letter in InsightFace's get_fc1. A is the mean over the image
 * itself, so its length is the number of channels. GDC and GNAP are of August 2018 (MobileFaceNet; Lin et al., MobiFace++);
 * the authors' GNAP takes the mean of the norms over the whole batch, ours over the sample, so that an embedding does not
 * depend on who else is in the batch.
 */
const builders = {
  E: ({ layer, ...rest }) => normalized(rest, dense(rest, 'pre_fc1', dropped(rest, 0.4, firstNormalized(rest, layer)))),
  A: (features) => averaged(features, 0),
  B: (features) => dense(features, 'pre_fc1', averaged(features, 0)),
  C: (features) => normalized(features, dense(features, 'pre_fc1', averaged(features, 0))),
  D: (features) => activated(features, normalized(features, dense(features, 'pre_fc1', averaged(features, 0)))),
  F: ({ layer, ...rest }) => dense(rest, 'fc1', dropped(rest, 0.4, firstNormalized(rest, layer))),
  G: ({ layer, ...rest }) => dense(rest, 'fc1', firstNormalized(rest, layer)),
  H: ({ layer, ...rest }) => dense(rest, 'fc1', layer),
  I: ({ layer, ...rest }) => normalized(rest, dense(rest, 'pre_fc1', firstNormalized(rest, layer))),
  J: ({ layer, ...rest }) => normalized(rest, dense(rest, 'pre_fc1', layer)),
  AX: (features) => averaged(features, 0.2),
  BX: (features) => dense(features, 'pre_fc1', averaged(features, 0.2)),
  CX: (features) => normalized(features, dense(features, 'pre_fc1', averaged(features, 0.2))),
  DX: (features) => activated(features, normalized(features, dense(features, 'pre_fc1', averaged(features, 0.2)))),
  GDC: (features) => normalized(features, dense(features, 'pre_fc1', weightedByDepthwise(features))),
  GNAP: (features) => normAwarePooled(features),
} satisfies Record<string, (features: FeatureMap) => string>;

export type Head = keyof typeof builders;

export const headOption = {
  enum: Object.keys(builders),
  default: 'E',
  description: 'How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP.',
} as const;

/** Ends the network with a head; returns the layer of the embedding. */
export function outputHead(head: Head, features: FeatureMap): string {
  return builders[head](features);
}

type Part = Pick<FeatureMap, 'builder' | 'embeddingSize'>;

function firstNormalized({ builder }: Part, input: string): string {
  return builder.add('batch-normalization', 'bn1', input, headNormalization);
}

function dropped({ builder }: Part, rate: number, input: string): string {
  return builder.add('dropout', builder.numbered('dropout'), input, { rate });
}

function dense({ builder, embeddingSize }: Part, name: string, input: string): string {
  return builder.add('fully-connected', name, input, { units: embeddingSize, bias: true });
}

function normalized({ builder }: Part, input: string): string {
  return builder.add('batch-normalization', 'fc1', input, { ...headNormalization, fixGamma: true });
}

function activated({ builder }: Part, input: string): string {
  return builder.add('prelu', 'fc1_relu', input);
}

function averaged({ builder, layer, ...rest }: FeatureMap, dropoutRate: number): string {
  const active = builder.add('prelu', 'relu1', firstNormalized({ builder, ...rest }, layer));
  const mean = builder.averageOverImage('pool1', active);
  const row = builder.add('flatten', builder.numbered('flatten'), mean);
  return dropoutRate === 0 ? row : dropped({ builder, ...rest }, dropoutRate, row);
}

/** A weighted sum over the image, with weights of its own for each channel. */
function weightedByDepthwise(features: FeatureMap): string {
  const { builder, layer } = features;
  const [channels, height, width] = shapeOf(features);
  const summed = builder.add('convolution', 'conv_6dw7_7_conv2d', layer, {
    filters: channels,
    kernel: [height, width],
    stride: [1, 1],
    pad: [0, 0],
    groups: channels,
    bias: false,
  });
  return builder.add('batch-normalization', 'conv_6dw7_7_batchnorm', summed, {
    epsilon: 1e-3,
    momentum: 0.9,
    fixGamma: false,
  });
}

/** The mean over the image of features of one norm, brought to the length of the embedding. */
function normAwarePooled(features: FeatureMap): string {
  const { builder, embeddingSize } = features;
  const [channels] = shapeOf(features);
  const fixed = { ...headNormalization, fixGamma: true };
  const wide = embeddingSize > channels ? widened(features) : features.layer;
  const equal = builder.add('batch-normalization', 'bn6f', wide, fixed);
  const norms = builder.add('equalize-norms', builder.numbered('equalizenorms'), equal);
  const mean = builder.averageOverImage(builder.numbered('pooling'), norms);
  if (embeddingSize >= channels) {
    return normalized(features, builder.add('flatten', builder.numbered('flatten'), mean));
  }
  const narrow = builder.add('batch-normalization', 'bn6w', mean, fixed);
  return normalized(features, dense(features, 'pre_fc1', narrow));
}

function widened({ builder, layer, embeddingSize }: FeatureMap): string {
  const convolved = builder.add('convolution', 'convx', layer, {
    filters: embeddingSize,
    kernel: [1, 1],
    stride: [1, 1],
    pad: [0, 0],
    groups: 1,
    bias: false,
  });
  return builder.add(
    'prelu',
    'convx_relu',
    builder.add('batch-normalization', 'convx_bn', convolved, headNormalization),
  );
}

function shapeOf({ builder, image, layer }: FeatureMap): [channels: number, height: number, width: number] {
  const [channels = 0, height = 0, width = 0] = inferShapes(builder.build(image, layer)).shapes.get(layer) ?? [];
  return [channels, height, width];
}
