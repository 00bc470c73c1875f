import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import type { ImageSize } from '../../image/rgb-image.ts';
import { type Backbone, embeddingSizeOption } from './backbone.ts';
import { normalizeInput } from './normalize-input.ts';

export interface MobileFaceNetOptions {
  readonly embeddingSize: number;
  readonly bnMomentum: number;
}

/** MobileFaceNet (Chen et al. 2018) with the layer names of InsightFace's fmobilefacenet. */
export const mobileFaceNet: Backbone<MobileFaceNetOptions> = {
  family: 'MobileFaceNet',
  summary: 'MobileFaceNet: 1 million parameters, the network of the quickstart.',
  options: {
    embeddingSize: embeddingSizeOption,
    bnMomentum: {
      type: 'number',
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.9,
      description: 'Share of the old moving statistics that a step keeps.',
    },
  },
  weights: { distribution: 'gaussian', fan: 'out' },
  build: (options, size) => buildMobileFaceNet({ width: 1, lastKernel: 7 }, options, size),
};

interface Scale {
  /** Share of the channels. */
  readonly width: number;
  /** Height and width of the last feature map that the depthwise convolution at the end takes in as a whole. */
  readonly lastKernel: number;
}

/** A MobileFaceNet with a share of the channels. */
export function buildMobileFaceNet(scale: Scale, options: MobileFaceNetOptions, size: ImageSize): Graph {
  return new MobileFaceNetBuilder(scale, options).build(size);
}

/** A convolution with its batch normalisation. */
interface Block {
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly out: number;
  readonly groups?: number;
}

/** Expand to `inner` channels, depthwise 3x3, project to `out`. */
interface Bottleneck {
  readonly inner: number;
  readonly out: number;
  readonly stride: number;
}

class MobileFaceNetBuilder {
  readonly #scale: Scale;
  readonly #options: MobileFaceNetOptions;
  readonly #builder = new GraphBuilder();

  constructor(scale: Scale, options: MobileFaceNetOptions) {
    this.#scale = scale;
    this.#options = options;
  }

  build(size: ImageSize): Graph {
    let x = normalizeInput(this.#builder, this.#builder.data);
    x = this.#activated('conv_1', x, { kernel: 3, stride: 2, pad: 1, out: 64 });
    x = this.#activated('conv_2_dw', x, { kernel: 3, pad: 1, out: 64, groups: 64 });
    x = this.#bottleneck('dconv_23', x, { inner: 128, out: 64, stride: 2 });
    x = this.#residual('res_3', x, 4, { inner: 128, out: 64, stride: 1 });
    x = this.#bottleneck('dconv_34', x, { inner: 256, out: 128, stride: 2 });
    x = this.#residual('res_4', x, 6, { inner: 256, out: 128, stride: 1 });
    x = this.#bottleneck('dconv_45', x, { inner: 512, out: 128, stride: 2 });
    x = this.#residual('res_5', x, 2, { inner: 256, out: 128, stride: 1 });
    x = this.#activated('conv_6sep', x, { kernel: 1, out: 512 });
    x = this.#linear('conv_6dw7_7', x, { kernel: this.#scale.lastKernel, out: 512, groups: 512 });
    return this.#builder.build({ channels: 3, ...size }, this.#head(x));
  }

  /** The weight is named `fc1_weight`, the bias after its node. */
  #head(x: string): string {
    const dense = { units: this.#options.embeddingSize, bias: true };
    const embedding = this.#builder.add('fully-connected', 'pre_fc1', x, dense, { weight: 'fc1_weight' });
    const momentum = this.#options.bnMomentum;
    return this.#builder.add('batch-normalization', 'fc1', embedding, { epsilon: 2e-5, momentum, fixGamma: true });
  }

  #residual(name: string, input: string, repeats: number, bottleneck: Bottleneck): string {
    let x = input;
    for (let index = 0; index < repeats; index += 1) {
      const projected = this.#bottleneck(`${name}_block${index}`, x, bottleneck);
      x = this.#builder.add('add', this.#builder.numbered('_plus'), [projected, x]);
    }
    return x;
  }

  #bottleneck(name: string, input: string, { inner, out, stride }: Bottleneck): string {
    let x = this.#activated(`${name}_conv_sep`, input, { kernel: 1, out: inner });
    x = this.#activated(`${name}_conv_dw`, x, { kernel: 3, stride, pad: 1, out: inner, groups: inner });
    return this.#linear(`${name}_conv_proj`, x, { kernel: 1, out });
  }

  #activated(name: string, input: string, block: Block): string {
    return this.#builder.add('prelu', `${name}_relu`, this.#linear(name, input, block));
  }

  #linear(name: string, input: string, { kernel, stride = 1, pad = 0, out, groups = 1 }: Block): string {
    const { width } = this.#scale;
    const convolved = this.#builder.add('convolution', `${name}_conv2d`, input, {
      filters: out * width,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      pad: [pad, pad],
      groups: groups === 1 ? 1 : groups * width,
      bias: false,
    });
    const momentum = this.#options.bnMomentum;
    return this.#builder.add('batch-normalization', `${name}_batchnorm`, convolved, {
      epsilon: 1e-3,
      momentum,
      fixGamma: false,
    });
  }
}
