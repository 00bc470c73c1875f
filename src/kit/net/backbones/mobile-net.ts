import type { Graph } from '../graph/graph.ts';
import { type Backbone, earlyDownsamplingOption, embeddingSizeOption } from './backbone.ts';
import { type Head, headOption, outputHead } from './output-head.ts';
import { NetworkBuilder, type SquareConvolution } from './network-builder.ts';

export interface MobileNetOptions {
  readonly embeddingSize: number;
  readonly head: Head;
  readonly earlyDownsampling: boolean;
}

/** Filters of the 1x1 convolutions `conv_2` to `conv_14`, and the strides of the depthwise ones before them. */
const pairs = [
  ...[
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
    [512, 2],
  ],
  ...Array.from({ length: 5 }, () => [512, 1]),
  ...[
    [1024, 2],
    [1024, 1],
  ],
].map(([filters = 0, stride = 1]) => ({ filters, stride }));

/** MobileNet v1 (Howard et al. 2017) with PReLU; `LMobileNetE` of InsightFace. */
export const mobileNet: Backbone<MobileNetOptions> = {
  family: 'MobileNet',
  summary: 'MobileNet v1 with PReLU: depthwise and 1x1 convolutions in turn.',
  options: { embeddingSize: embeddingSizeOption, head: headOption, earlyDownsampling: earlyDownsamplingOption },
  weights: { distribution: 'uniform', fan: 'in' },
  build: (options, size) => buildMobileNet(1, options, { channels: 3, ...size }),
};

/** A MobileNet with a share of the filters: the width multiplier of the paper. */
export function buildMobileNet(
  width: number,
  { embeddingSize, head, earlyDownsampling }: MobileNetOptions,
  image: Graph['input'],
): Graph {
  const builder = new NetworkBuilder();
  let channels = 32 * width;
  let layer = block(
    builder,
    { name: 'conv_1', input: builder.normalizeInput() },
    {
      filters: channels,
      kernel: 3,
      stride: earlyDownsampling ? 2 : 1,
      pad: 1,
    },
  );
  for (const [index, { filters: whole, stride }] of pairs.entries()) {
    const filters = whole * width;
    const name = `conv_${index + 2}`;
    const depthwise = { filters: channels, kernel: 3, stride, pad: 1, groups: channels };
    const input = block(builder, { name: `${name}_dw`, input: layer }, depthwise);
    layer = block(builder, { name, input }, { filters, kernel: 1 });
    channels = filters;
  }
  return builder.build(image, outputHead(head, { builder, image, layer, embeddingSize }));
}

function block(
  builder: NetworkBuilder,
  { name, input }: { readonly name: string; readonly input: string },
  window: SquareConvolution,
): string {
  const convolved = builder.convolve(`${name}_conv2d`, input, window);
  const normalization = { epsilon: 1e-3, momentum: 0.9, fixGamma: true };
  const normalized = builder.add('batch-normalization', `${name}_batchnorm`, convolved, normalization);
  return builder.add('prelu', `${name}_relu`, normalized);
}
