import type { GraphBuilder } from '../graph/graph-builder.ts';

/** A convolution whose window is as high as wide. */
export interface SquareConvolution {
  readonly filters: number;
  readonly kernel: number;
  /** 1 where not given. */
  readonly stride?: number;
  /** 0 where not given. */
  readonly pad?: number;
  /** 1 where not given. */
  readonly groups?: number;
  /** Without where not given. */
  readonly bias?: boolean;
}

export function convolve(builder: GraphBuilder, name: string, input: string, window: SquareConvolution): string {
  const { filters, kernel, stride = 1, pad = 0, groups = 1, bias = false } = window;
  return builder.add('convolution', name, input, {
    filters,
    kernel: [kernel, kernel],
    stride: [stride, stride],
    pad: [pad, pad],
    groups,
    bias,
  });
}

export interface SquarePooling {
  readonly function: 'max' | 'average';
  readonly kernel: number;
  readonly stride: number;
  readonly pad?: number;
  readonly convention?: 'valid' | 'full';
}

export function pool(builder: GraphBuilder, name: string, input: string, window: SquarePooling): string {
  const { kernel, stride, pad = 0, convention = 'valid' } = window;
  return builder.add('pooling', name, input, {
    function: window.function,
    global: false,
    kernel: [kernel, kernel],
    stride: [stride, stride],
    pad: [pad, pad],
    convention,
  });
}

/** The mean of each channel over the whole image. */
export function averageOverImage(builder: GraphBuilder, name: string, input: string): string {
  return builder.add('pooling', name, input, {
    function: 'average',
    global: true,
    kernel: [1, 1],
    stride: [1, 1],
    pad: [0, 0],
    convention: 'valid',
  });
}
