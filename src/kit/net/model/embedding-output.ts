import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';

/** The layer whose value is the embedding, and the length of that. */
export interface EmbeddingOutput {
  readonly layer: string;
  readonly size: number;
}

/**
 * The one output of a network that has one row of numbers per image. Fails with `not-an-embedding` if there are several
 * outputs, or the only one is a feature map.
 */
export function embeddingOutput({ graph, shapes }: ShapedGraph, file?: string): EmbeddingOutput {
  const [layer, ...others] = graph.outputs;
  const shape = layer === undefined ? undefined : shapes.get(layer);
  const [size] = shape ?? [];
  if (layer !== undefined && others.length === 0 && shape?.length === 1 && size !== undefined) return { layer, size };
  const outputs = graph.outputs.map((name) => {
    const kind = graph.layers.find((node) => node.name === name)?.kind ?? 'unknown';
    return `"${name}" (${kind}) of shape [${(shapes.get(name) ?? []).join(', ')}]`;
  });
  fail(failures.notAnEmbedding({ outputs }, file === undefined ? undefined : { file }));
}
