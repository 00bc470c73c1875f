import { GraphBuilder } from '../graph-builder.ts';
import { type Backbone, embeddingSizeOption } from './backbone.ts';
import { normalizeInput } from './normalize-input.ts';
import { headNormalization, outputHeadE } from './output-head.ts';

export interface ResnetOptions {
  readonly embeddingSize: number;
}

interface Unit {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  /** The shortcut is a 1x1 convolution instead of the input itself. */
  readonly projects: boolean;
}

const stem = 64;
const stageFilters = [64, 128, 256, 512];

/**
 * LResNet-IR of InsightFace (Deng et al. 2018, section 3.2.2): residual units "bn - conv - bn - prelu - conv - bn", no
 * early down-sampling, output head E.
 */
export function resnet(depth: number, units: readonly [number, number, number, number]): Backbone<ResnetOptions> {
  return {
    summary: `LResNet${depth}E-IR: residual network of depth ${depth}.`,
    options: { embeddingSize: embeddingSizeOption },
    weights: { distribution: 'gaussian', fan: 'out' },
    build({ embeddingSize }, size) {
      const body = new ResnetBody();
      const features = body.build(units);
      const output = outputHeadE(body.builder, features, embeddingSize);
      return body.builder.build({ channels: 3, ...size }, output);
    },
  };
}

class ResnetBody {
  readonly builder = new GraphBuilder();
  #sums = 0;

  /** Stem and the four stages; gives the last feature map. */
  build(units: readonly number[]): string {
    let x = normalizeInput(this.builder, this.builder.add('identity', 'id', this.builder.data));
    x = this.#convolution('conv0', x, stem, 3);
    x = this.builder.add('prelu', 'relu0', this.#normalization('bn0', x));
    for (const [stage, count] of units.entries()) {
      for (let unit = 1; unit <= count; unit += 1) {
        const name = `stage${stage + 1}_unit${unit}`;
        const first = unit === 1;
        x = this.#unit(x, { name, filters: stageFilters[stage] ?? 0, stride: first ? 2 : 1, projects: first });
      }
    }
    return x;
  }

  /** The shortcut starts before the first normalisation, and the stride is that of the second convolution. */
  #unit(input: string, { name, filters, stride, projects }: Unit): string {
    let x = this.#normalization(`${name}_bn1`, input);
    x = this.#convolution(`${name}_conv1`, x, filters, 3);
    x = this.builder.add('prelu', `${name}_relu1`, this.#normalization(`${name}_bn2`, x));
    x = this.#convolution(`${name}_conv2`, x, filters, 3, stride);
    x = this.#normalization(`${name}_bn3`, x);
    const shortcut = projects
      ? this.#normalization(`${name}_sc`, this.#convolution(`${name}_conv1sc`, input, filters, 1, stride))
      : input;
    const sum = `_plus${this.#sums}`;
    this.#sums += 1;
    return this.builder.add('add', sum, [x, shortcut]);
  }

  #convolution(name: string, input: string, filters: number, kernel: 1 | 3, stride = 1): string {
    const pad = (kernel - 1) / 2;
    return this.builder.add('convolution', name, input, {
      filters,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      pad: [pad, pad],
      groups: 1,
      bias: false,
    });
  }

  #normalization(name: string, input: string): string {
    return this.builder.add('batch-normalization', name, input, headNormalization);
  }
}
