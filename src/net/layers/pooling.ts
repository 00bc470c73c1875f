import type { LayerDefinition } from './layer-definition.ts';
import { type Pair, windowPositions } from './window.ts';

export interface PoolingAttributes {
  readonly function: 'max' | 'average';
  /** One window over the whole picture; kernel, stride and pad are ignored. */
  readonly global: boolean;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
}

/** MXNet's `Pooling`, `valid` convention; an average counts padded cells as zeros. */
export const pooling: LayerDefinition<PoolingAttributes> = {
  summary: 'Greatest or mean value of each window.',
  inputs: 1,
  attributes: {
    function: { type: 'choice', of: ['max', 'average'] },
    global: { type: 'boolean' },
    kernel: { type: 'pair', minimum: 1 },
    stride: { type: 'pair', minimum: 1 },
    pad: { type: 'pair', minimum: 0 },
  },
  outputShape(attributes, [input = []]) {
    const [channels, height, width] = input;
    if (channels === undefined || height === undefined || width === undefined) {
      return `takes [channels, height, width], not [${input.join(', ')}]`;
    }
    if (attributes.global) return [channels, 1, 1];
    const [rows, columns] = windowPositions([height, width], attributes);
    if (rows < 1 || columns < 1) return `a ${attributes.kernel.join(' x ')} window does not fit ${height} x ${width}`;
    return [channels, rows, columns];
  },
  parameters: () => [],
  multiplyAdds: () => 0,
};
