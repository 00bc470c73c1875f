import { fail, FailureError } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import { checkImages, type ImageBatch, type InputDeclaration, type OutputDeclaration } from './inference-session.ts';

interface GraphInputOptions extends Pick<InputDeclaration, 'name' | 'type'> {
  /** Whether what runs the graph leaves height and width open. */
  readonly anySize: boolean;
  /** For failures. */
  readonly file?: string | undefined;
}

/**
 * Which images a graph takes. Height and width are open where no parameter depends on them: in networks made of
 * convolutions, poolings and the like alone, and in those whose rows come out of a global pooling.
 */
export class GraphShapes {
  readonly input: InputDeclaration;
  readonly outputs: readonly OutputDeclaration[];
  readonly #shaped: ShapedGraph;
  readonly #file: string | undefined;

  constructor(shaped: ShapedGraph, { name, type, anySize, file }: GraphInputOptions) {
    const { channels, height, width } = shaped.graph.input;
    this.#shaped = shaped;
    this.#file = file;
    const size = anySize ? ([undefined, undefined] as const) : ([height, width] as const);
    this.input = { name, type, shape: [undefined, ...size, channels] };
    this.outputs = shaped.graph.outputs.map((output) => {
      const [first, ...size] = shaped.shapes.get(output) ?? [];
      return { name: output, shape: [undefined, first, ...(anySize ? size.map(() => undefined) : size)] };
    });
  }

  /** Fails with `image-batch-mismatch` unless the network can take the images. */
  check(images: ImageBatch): void {
    checkImages(this.input, images, this.#file);
    const [, height, width] = images.shape;
    const { graph } = this.#shaped;
    if (height === graph.input.height && width === graph.input.width) return;
    try {
      inferShapes({ ...graph, input: { ...graph.input, height, width } });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const found = `images of ${height} x ${width}: ${error.failures[0].message}`;
      const facts = { input: this.input.name, expected: 'images that all its windows fit', found };
      fail(failures.imageBatchMismatch(facts, this.#file === undefined ? undefined : { file: this.#file }));
    }
  }
}

/** Whether images of other sizes than the graph's can go through it with the same parameters. */
export function takesAnySize({ graph, parameters }: ShapedGraph): boolean {
  const { input } = graph;
  try {
    const twice = inferShapes({ ...graph, input: { ...input, height: 2 * input.height, width: 2 * input.width } });
    return twice.parameters.every(({ shape }, index) => shape.join() === parameters[index]?.shape.join());
  } catch (error) {
    if (error instanceof FailureError) return false;
    throw error;
  }
}
