import { type Failure, throwIfAny } from '../../../../core/failure.ts';
import { failures } from '../../failures.ts';
import type { Graph } from '../../graph/graph.ts';
import { inferShapes } from '../../graph/infer-shapes.ts';
import { elementCount } from '../../graph/feature-shape.ts';
import type { NamedArray } from '../../model/model.ts';
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
  const problems: Failure[] = [];
  const named = inferShapes(graph, files.structure).parameters.flatMap(
    ({ name, layer, suffix, shape }): NamedArray[] => {
      const blob = arrays.get(layer)?.[suffix];
      if (blob === undefined) return [];
      if (blob.values.length === elementCount(shape) && isSameSize(blob.shape, shape)) {
        return [{ name, shape, values: blob.values }];
      }
      const facts = { suffix, layer, shape, found: blob.shape, count: blob.values.length };
      problems.push(failures.blobShape(facts, { file: files.weights }));
      return [];
    },
  );
  throwIfAny(problems);
  return named;
}

/** A blob without a shape is as long as it has numbers. */
function isSameSize(found: readonly number[], expected: readonly number[]): boolean {
  const big = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();
  return found.length === 0 || big(found) === big(expected);
}
