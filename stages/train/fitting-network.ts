import { fail, FailureError } from '../../src/core/failure.ts';
import type { ImageSize } from '../../src/kit/image/rgb-image.ts';
import { buildNetwork, type NetworkChoice } from '../../src/kit/net/backbones/index.ts';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import { failures } from './failures.ts';

/** The network for images of a size. Fails with `size-does-not-fit`; `dataset` is the folder of the images. */
export function fittingNetwork(choice: NetworkChoice, { width, height }: ImageSize, dataset: string): ShapedGraph {
  try {
    return inferShapes(buildNetwork(choice, { height, width }));
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const problem = error.failures[0].message;
    return fail(failures.sizeDoesNotFit({ network: choice.name, width, height, problem }, { file: dataset }), error);
  }
}
