import type { GraphBuilder } from '../graph-builder.ts';

/** The start of every network of 2018: pixels 0..255 to (x - 127.5) / 128, named as MXNet numbers such nodes. */
export function normalizeInput(builder: GraphBuilder, input: string): string {
  const centred = builder.add('minus-scalar', '_minusscalar0', input, { scalar: 127.5 });
  return builder.add('multiply-scalar', '_mulscalar0', centred, { scalar: 0.0078125 });
}
