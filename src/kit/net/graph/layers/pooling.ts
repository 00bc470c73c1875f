import { type LayerDefinition, takesMaps } from './layer-definition.ts';
import {
  doesNotFit,
  type Pair,
  strideWords,
  type Window,
  windowAttributes,
  type WindowConvention,
  windowPositions,
} from './window.ts';

export interface PoolingAttributes {
  /** `average-inside`: the mean of the cells that a window has within the image, without padding. */
  readonly function: 'max' | 'average' | 'average-inside';
  /** One window over the whole image; kernel, stride, pad and convention are ignored. */
  readonly global: boolean;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
  readonly convention: WindowConvention;
}

/** One window over the whole image. */
export function poolingOverImage(pooled: PoolingAttributes['function']): PoolingAttributes {
  return { function: pooled, global: true, kernel: [1, 1], stride: [1, 1], pad: [0, 0], convention: 'valid' };
}

/** MXNet's `Pooling`; an average counts padded cells as zeros, and not the cells that a cut window lacks. */
export const pooling: LayerDefinition<PoolingAttributes> = {
  summary: 'Maximum or mean of each window.',
  inputs: 1,
  attributes: {
    function: { enum: ['max', 'average', 'average-inside'] },
    global: { type: 'boolean' },
    ...windowAttributes,
    convention: { enum: ['valid', 'full'] },
  },
  outputShape(attributes, [input = []]) {
    const [channels, height, width] = input;
    if (channels === undefined || height === undefined || width === undefined) return takesMaps(input);
    if (attributes.global) return { shape: [channels, 1, 1] };
    const [rows, columns] = windowPositions([height, width], attributes, attributes.convention);
    if (rows < 1 || columns < 1) return doesNotFit(attributes, [height, width]);
    if (!reaches([height, width], attributes, [rows, columns])) {
      return { problem: `its last ${attributes.kernel.join(' x ')} window would be outside of ${height} x ${width}` };
    }
    return { shape: [channels, rows, columns] };
  },
  outline: {
    words({ function: pooled, global, kernel, stride }) {
      const name = pooled === 'max' ? 'max' : 'mean';
      return global ? `${name} over image` : `${name} pool ${kernel.join('x')}${strideWords(stride)}`;
    },
  },
  example: {
    attributes: {
      function: 'average',
      global: false,
      kernel: [4, 3],
      stride: [3, 2],
      pad: [1, 1],
      convention: 'full',
    },
  },
};

/** Whether every window covers some cell of the image: padding alone has no maximum. */
function reaches(size: Pair, { kernel, stride, pad }: Window, positions: Pair): boolean {
  const along = (axis: 0 | 1): boolean =>
    kernel[axis] > pad[axis] && (positions[axis] - 1) * stride[axis] - pad[axis] < size[axis];
  return along(0) && along(1);
}
