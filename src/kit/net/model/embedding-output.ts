import { fail } from '../../../core/failure.ts';
import type { ShapedGraph } from '../graph/infer-shapes.ts';

/** The layer that gives the embedding, and the length of that. */
export interface EmbeddingOutput {
  readonly layer: string;
  readonly size: number;
}

/**
 * The one output of a network that gives one row of numbers per image. Fails with `not-an-embedding` where there are
 * several outputs, or the only one is a feature map.
 */
export function embeddingOutput({ graph, shapes }: ShapedGraph, file?: string): EmbeddingOutput {
  const described = graph.outputs.map((name) => {
    const kind = graph.layers.find((node) => node.name === name)?.kind ?? 'unknown';
    return `"${name}" (${kind}) of shape [${(shapes.get(name) ?? []).join(', ')}]`;
  });
  const [layer, ...others] = graph.outputs;
  const shape = layer === undefined ? undefined : shapes.get(layer);
  const [size] = shape ?? [];
  if (layer !== undefined && others.length === 0 && shape?.length === 1 && size !== undefined) return { layer, size };
  fail({
    code: 'not-an-embedding',
    message: `Expected a network with one output, a row of numbers per image; this one ends in ${described.join(' and ')}.`,
    ...(file === undefined ? {} : { at: { file } }),
    hint: 'A network that verifies or is trained ends in a fully connected layer, its normalisation, or "flatten".',
  });
}
