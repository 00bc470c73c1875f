import type { GraphBuilder } from '../graph-builder.ts';

/** Batch normalisation as ResNets, DenseNets and all output heads have it. */
export const headNormalization = { epsilon: 2e-5, momentum: 0.9, fixGamma: false };

/** Output head E: normalise, drop 40 %, project to the embedding, normalise with gamma fixed. Gives the node `fc1`. */
export function outputHeadE(builder: GraphBuilder, input: string, embeddingSize: number): string {
  const normalized = builder.add('batch-normalization', 'bn1', input, headNormalization);
  const thinned = builder.add('dropout', 'dropout0', normalized, { rate: 0.4 });
  const embedding = builder.add('fully-connected', 'pre_fc1', thinned, { units: embeddingSize, bias: true });
  return builder.add('batch-normalization', 'fc1', embedding, { ...headNormalization, fixGamma: true });
}
