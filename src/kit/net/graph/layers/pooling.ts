import type { LayerDefinition } from './layer-definition.ts';
import { type Pair, type Window, type WindowConvention, windowPositions } from './window.ts';

export interface PoolingAttributes {
  readonly function: 'max' | 'average';
  /** One window over the whole image; kernel, stride, pad and convention are ignored. */
  readonly global: boolean;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
  readonly convention: WindowConvention;
}

/** MXNet's `Pooling`; an average counts padded cells as zeros, and not the cells that a cut window lacks. */
export const pooling: LayerDefinition<PoolingAttributes> = {
  summary: 'Greatest or mean value of each window.',
  inputs: 1,
  attributes: {
    function: { type: 'choice', of: ['max', 'average'] },
    global: { type: 'boolean' },
    kernel: { type: 'pair', minimum: 1 },
    stride: { type: 'pair', minimum: 1 },
    pad: { type: 'pair', minimum: 0 },
    convention: { type: 'choice', of: ['valid', 'full'] },
  },
  outputShape(attributes, [input = []]) {
    const [channels, height, width] = input;
    if (channels === undefined || height === undefined || width === undefined) {
      return `takes [channels, height, width], not [${input.join(', ')}]`;
    }
    if (attributes.global) return [channels, 1, 1];
    const [rows, columns] = windowPositions([height, width], attributes, attributes.convention);
    if (rows < 1 || columns < 1) return `a ${attributes.kernel.join(' x ')} window does not fit ${height} x ${width}`;
    if (!reaches([height, width], attributes, [rows, columns])) {
      return `its last ${attributes.kernel.join(' x ')} window would lie outside of ${height} x ${width}`;
    }
    return [channels, rows, columns];
  },
  parameters: () => [],
  multiplyAdds: () => 0,
};

/** Whether every window covers some cell of the image: padding alone has no greatest value. */
function reaches(size: Pair, { kernel, stride, pad }: Window, positions: Pair): boolean {
  const along = (axis: 0 | 1): boolean =>
    kernel[axis] > pad[axis] && (positions[axis] - 1) * stride[axis] - pad[axis] < size[axis];
  return along(0) && along(1);
}
