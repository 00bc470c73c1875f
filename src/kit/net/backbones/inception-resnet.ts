import type { Graph } from '../graph/graph.ts';
import type { Pair } from '../graph/layers/window.ts';
import { type Backbone, earlyDownsamplingOption, embeddingSizeOption } from './backbone.ts';
import { type Head, headOption, outputHead } from './output-head.ts';
import { NetworkBuilder } from './network-builder.ts';

export interface InceptionResnetOptions {
  readonly embeddingSize: number;
  readonly head: Head;
  readonly earlyDownsampling: boolean;
}

/** Residual blocks of each kind; the last of `blocks8` is the linear one. */
interface Architecture {
  readonly blocks35: number;
  readonly blocks17: number;
  readonly blocks8: number;
  /** Share of the filters that each convolution has; 1 in the original. */
  readonly width: number;
}

/** A convolution of a branch: filters, kernel, and what differs from stride 1 and no padding. */
type Step = readonly [
  filters: number,
  kernel: number | Pair,
  extra?: { readonly stride?: number; readonly pad?: number | Pair },
];

/** Inception-ResNet-v2 (Szegedy et al. 2016) with the paddings and widths that InsightFace ships. */
export const inceptionResnet: Backbone<InceptionResnetOptions> = {
  family: 'Inception-ResNet',
  summary: 'Inception-ResNet-v2: residual blocks of several branches.',
  options: { embeddingSize: embeddingSizeOption, head: headOption, earlyDownsampling: earlyDownsamplingOption },
  weights: { distribution: 'gaussian', fan: 'in' },
  build: (options, size) =>
    buildInceptionResnet({ blocks35: 10, blocks17: 20, blocks8: 10, width: 1 }, options, { channels: 3, ...size }),
};

/** An Inception-ResNet of any number of blocks. */
export function buildInceptionResnet(
  architecture: Architecture,
  { embeddingSize, head, earlyDownsampling }: InceptionResnetOptions,
  image: Graph['input'],
): Graph {
  const body = new InceptionBody(architecture.width);
  const layer = body.build(architecture, earlyDownsampling);
  const { builder } = body;
  return builder.build(image, outputHead(head, { builder, image, layer, embeddingSize }));
}

/** Layers have no names of their own; MXNet numbers them by kind in the order in which they are made. */
class InceptionBody {
  readonly builder = new NetworkBuilder();
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  build({ blocks35, blocks17, blocks8 }: Architecture, earlyDownsampling: boolean): string {
    let x = this.#stem(this.builder.normalizeInput(), earlyDownsampling);
    for (let index = 0; index < blocks35; index += 1) x = this.#block35(x);
    x = this.#reduction(x, [
      [[384, 3, { stride: 2 }]],
      [
        [256, 1],
        [256, 3, { pad: 1 }],
        [384, 3, { stride: 2 }],
      ],
    ]);
    for (let index = 0; index < blocks17; index += 1) x = this.#block17(x);
    x = this.#reduction(x, [
      [
        [256, 1],
        [384, 3, { stride: 2 }],
      ],
      [
        [256, 1],
        [288, 3, { stride: 2 }],
      ],
      [
        [256, 1],
        [288, 3, { pad: 1 }],
        [320, 3, { stride: 2 }],
      ],
    ]);
    for (let index = 1; index < blocks8; index += 1) x = this.#relu(this.#block8(x, 0.2));
    return this.#branch(this.#block8(x, 1), [[1536, 1]]);
  }

  #stem(input: string, earlyDownsampling: boolean): string {
    const x = this.#branch(input, [
      [32, 3, { stride: earlyDownsampling ? 2 : 1 }],
      [32, 3],
      [64, 3, { pad: 1 }],
    ]);
    // A pooling layer is made here in the original and not used: its number stays free.
    this.builder.numbered('pooling');
    const wide = this.#branch(x, [
      [80, 1],
      [192, 3],
    ]);
    const small = this.builder.pool(this.builder.numbered('pooling'), wide, { function: 'max', kernel: 3, stride: 2 });
    const branches = [
      this.#branch(small, [[96, 1]]),
      this.#branch(small, [
        [48, 1],
        [64, 5, { pad: 2 }],
      ]),
      this.#branch(small, [
        [64, 1],
        [96, 3, { pad: 1 }],
        [96, 3, { pad: 1 }],
      ]),
      this.#branch(this.#averagePooled(small), [[64, 1]]),
    ];
    return this.#concat(branches);
  }

  #averagePooled(input: string): string {
    const window = { function: 'average', kernel: 3, stride: 1, pad: 1 } as const;
    return this.builder.pool(this.builder.numbered('pooling'), input, window);
  }

  #block35(input: string): string {
    const branches = [
      this.#branch(input, [[32, 1]]),
      this.#branch(input, [
        [32, 1],
        [32, 3, { pad: 1 }],
      ]),
      this.#branch(input, [
        [32, 1],
        [48, 3, { pad: 1 }],
        [64, 3, { pad: 1 }],
      ]),
    ];
    return this.#relu(this.#residual(input, branches, { channels: 320, scale: 0.17 }));
  }

  /** The paddings of the pair 1x7, 7x1 make the map higher and narrower, and then undo it; so does the original. */
  #block17(input: string): string {
    const branches = [
      this.#branch(input, [[192, 1]]),
      this.#branch(input, [
        [129, 1],
        [160, [1, 7], { pad: [1, 2] }],
        [192, [7, 1], { pad: [2, 1] }],
      ]),
    ];
    return this.#relu(this.#residual(input, branches, { channels: 1088, scale: 0.1 }));
  }

  #block8(input: string, scale: number): string {
    const branches = [
      this.#branch(input, [[192, 1]]),
      this.#branch(input, [
        [192, 1],
        [224, [1, 3], { pad: [0, 1] }],
        [256, [3, 1], { pad: [1, 0] }],
      ]),
    ];
    return this.#residual(input, branches, { channels: 2080, scale });
  }

  /** Branches that stride, beside a maximum. */
  #reduction(input: string, branches: readonly (readonly Step[])[]): string {
    const convolved = branches.map((steps) => this.#branch(input, steps));
    const name = this.builder.numbered('pooling');
    return this.#concat([...convolved, this.builder.pool(name, input, { function: 'max', kernel: 3, stride: 2 })]);
  }

  #residual(
    input: string,
    branches: readonly string[],
    { channels, scale }: { readonly channels: number; readonly scale: number },
  ): string {
    const tower = this.#linear(this.#concat(branches), [channels, 1]);
    const scaled = this.builder.add('multiply-scalar', this.builder.numbered('_mulscalar'), tower, { scalar: scale });
    return this.builder.add('add', this.builder.numbered('_plus'), [input, scaled]);
  }

  #branch(input: string, steps: readonly Step[]): string {
    return steps.reduce((x, step) => this.#relu(this.#linear(x, step)), input);
  }

  #linear(input: string, [filters, kernel, { stride = 1, pad = 0 } = {}]: Step): string {
    const convolved = this.builder.add('convolution', this.builder.numbered('convolution'), input, {
      filters: Math.round(filters * this.#width),
      kernel: pair(kernel),
      stride: pair(stride),
      pad: pair(pad),
      groups: 1,
      bias: true,
    });
    const normalization = { epsilon: 1e-3, momentum: 0.9, fixGamma: true };
    return this.builder.add('batch-normalization', this.builder.numbered('batchnorm'), convolved, normalization);
  }

  #relu(input: string): string {
    return this.builder.add('activation', this.builder.numbered('activation'), input, { function: 'relu' });
  }

  #concat(inputs: readonly string[]): string {
    return this.builder.add('concat', this.builder.numbered('concat'), inputs);
  }
}

function pair(size: number | Pair): Pair {
  return typeof size === 'number' ? [size, size] : size;
}
