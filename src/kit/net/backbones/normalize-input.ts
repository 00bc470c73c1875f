import type { GraphBuilder } from '../graph/graph-builder.ts';

/** The start of every network of 2018: pixels 0..255 to (x - 127.5) / 128. */
export function normalizeInput(builder: GraphBuilder, input: string): string {
  const centred = builder.add('minus-scalar', builder.numbered('_minusscalar'), input, { scalar: 127.5 });
  return builder.add('multiply-scalar', builder.numbered('_mulscalar'), centred, { scalar: 0.0078125 });
}
