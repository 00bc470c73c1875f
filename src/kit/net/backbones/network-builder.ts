import { GraphBuilder } from '../graph/graph-builder.ts';
import { activationFunctions } from '../graph/layers/activation.ts';
import { poolingOverImage } from '../graph/layers/pooling.ts';

/** A convolution whose window is as high as wide. */
export interface SquareConvolution {
  readonly filters: number;
  readonly kernel: number;
  /** 1 unless given. */
  readonly stride?: number;
  /** 0 unless given. */
  readonly pad?: number;
  /** 1 unless given. */
  readonly groups?: number;
  /** Without one unless given. */
  readonly bias?: boolean;
}

/** A pooling whose window is as high as wide. */
export interface SquarePooling {
  readonly function: 'max' | 'average';
  readonly kernel: number;
  readonly stride: number;
  readonly pad?: number;
  readonly convention?: 'valid' | 'full';
}

/** What a network may have after its normalisations. */
export const activations = ['prelu', ...activationFunctions] as const;

export type Activation = (typeof activations)[number];

/** A builder with the layers that the networks are made of; every method returns the name of the layer that it adds. */
export class NetworkBuilder extends GraphBuilder {
  /** The start of every network of 2018: pixels 0..255 to (x - 127.5) / 128. */
  normalizeInput(input: string = this.data): string {
    const centred = this.add('minus-scalar', this.numbered('_minusscalar'), input, { scalar: 127.5 });
    return this.add('multiply-scalar', this.numbered('_mulscalar'), centred, { scalar: 0.0078125 });
  }

  convolve(name: string, input: string, window: SquareConvolution): string {
    const { filters, kernel, stride = 1, pad = 0, groups = 1, bias = false } = window;
    return this.add('convolution', name, input, {
      filters,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      pad: [pad, pad],
      groups,
      bias,
    });
  }

  pool(name: string, input: string, window: SquarePooling): string {
    const { kernel, stride, pad = 0, convention = 'valid' } = window;
    return this.add('pooling', name, input, {
      function: window.function,
      global: false,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      pad: [pad, pad],
      convention,
    });
  }

  /** The mean of each channel over the whole image. */
  averageOverImage(name: string, input: string): string {
    return this.add('pooling', name, input, poolingOverImage('average'));
  }

  activate(name: string, input: string, activation: Activation): string {
    return activation === 'prelu'
      ? this.add('prelu', name, input)
      : this.add('activation', name, input, { function: activation });
  }
}
