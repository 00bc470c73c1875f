import { type Failure, throwIfAny } from '../../../../core/failure.ts';
import type { Graph } from '../../graph/graph.ts';
import { inferShapes } from '../../graph/infer-shapes.ts';
import { elementCount } from '../../graph/layers/layer-definition.ts';
import type { NamedArray } from '../../model/named-array.ts';
import type { BlobValues, LayerFiles } from './caffe-layer.ts';

/**
 * Blobs as the parameters of the graph, in its shapes. Old files have rows of four sizes, 1 x 1 x 128 x 576, so sizes of 1
 * do not count. Fails with `parameters-mismatch`, once for each blob of another size.
 */
export function namedArrays(
  graph: Graph,
  arrays: ReadonlyMap<string, Readonly<Record<string, BlobValues>>>,
  files: LayerFiles,
): NamedArray[] {
  const failures: Failure[] = [];
  const named = inferShapes(graph, files.structure).parameters.flatMap(
    ({ name, layer, suffix, shape }): NamedArray[] => {
      const blob = arrays.get(layer)?.[suffix];
      if (blob === undefined) return [];
      if (blob.values.length === elementCount(shape) && isSameSize(blob.shape, shape)) {
        return [{ name, shape, values: blob.values }];
      }
      const found = `[${blob.shape.join(', ')}] with ${blob.values.length} numbers`;
      const message = `The ${suffix} of layer "${layer}" must have shape [${shape.join(', ')}], found ${found}.`;
      failures.push({ code: 'parameters-mismatch', message, at: { file: files.weights } });
      return [];
    },
  );
  throwIfAny(failures);
  return named;
}

/** A blob without a shape is as long as its numbers say. */
function isSameSize(found: readonly number[], wanted: readonly number[]): boolean {
  const big = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();
  return found.length === 0 || big(found) === big(wanted);
}
