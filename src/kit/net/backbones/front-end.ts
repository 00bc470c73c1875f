import { headNormalization } from './output-head.ts';
import { residualUnit } from './residual-unit.ts';
import type { NetworkBuilder } from './network-builder.ts';

/**
 * The first layers of DenseNets and Dual Path Networks: a quarter of the side is left with `earlyDownsampling`, half of it
 * without. `width` channels are wanted; without early down-sampling there are at most 64.
 */
export function frontEnd(builder: NetworkBuilder, width: number, earlyDownsampling: boolean): string {
  const pixels = builder.normalizeInput();
  if (earlyDownsampling) {
    const active = activated(
      builder,
      builder.convolve('conv0', pixels, { filters: width, kernel: 7, stride: 2, pad: 3 }),
    );
    return builder.pool(builder.numbered('pooling'), active, { function: 'max', kernel: 3, stride: 2, pad: 1 });
  }
  const filters = Math.min(width, 64);
  return residualUnit(builder, activated(builder, builder.convolve('conv0', pixels, { filters, kernel: 3, pad: 1 })), {
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

function activated(builder: NetworkBuilder, convolved: string): string {
  return builder.add('prelu', 'relu0', builder.add('batch-normalization', 'bn0', convolved, headNormalization));
}
