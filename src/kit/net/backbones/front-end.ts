import type { GraphBuilder } from '../graph/graph-builder.ts';
import { normalizeInput } from './normalize-input.ts';
import { headNormalization } from './output-head.ts';
import { residualUnit } from './residual-unit.ts';
import { convolve, pool } from './square-windows.ts';

/**
 * The first layers of DenseNets and Dual Path Networks: a quarter of the side is left with `earlyDownsampling`, half of it
 * without. `width` channels are wanted; without early down-sampling there are at most 64.
 */
export function frontEnd(builder: GraphBuilder, width: number, earlyDownsampling: boolean): string {
  const pixels = normalizeInput(builder, builder.data);
  if (earlyDownsampling) {
    const active = activated(
      builder,
      convolve(builder, 'conv0', pixels, { filters: width, kernel: 7, stride: 2, pad: 3 }),
    );
    return pool(builder, builder.numbered('pooling'), active, { function: 'max', kernel: 3, stride: 2, pad: 1 });
  }
  const filters = Math.min(width, 64);
  return residualUnit(builder, activated(builder, convolve(builder, 'conv0', pixels, { filters, kernel: 3, pad: 1 })), {
    name: 'head',
    order: 'improved',
    filters,
    bottleneck: false,
    stride: 2,
    projects: true,
    activation: 'prelu',
    squeezeExcitation: false,
  });
}

function activated(builder: GraphBuilder, convolved: string): string {
  return builder.add('prelu', 'relu0', builder.add('batch-normalization', 'bn0', convolved, headNormalization));
}
