import type { Tensor } from '@tensorflow/tfjs-core';
import type { Backend } from '../backends/backend.ts';
import { GraphExecutor } from '../backends/graph-executor.ts';
import { valuesOf } from '../backends/tensors.ts';
import { inputName } from '../graph/graph.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { ParameterizedGraph } from '../model/model.ts';
import { GraphShapes, takesAnySize } from './graph-shapes.ts';
import type { ImageBatch, InferenceSession, OutputValues } from './inference-session.ts';

export interface GraphSessionOptions {
  readonly backend: Backend;
  /** The session's from now on. */
  readonly executor: GraphExecutor;
  readonly shaped: ShapedGraph;
  /** For failures. */
  readonly file?: string | undefined;
}

/** A graph on one of our backends, in inference mode. */
export class GraphSession implements InferenceSession {
  readonly input;
  readonly outputs;
  readonly computesWith;
  readonly #backend: Backend;
  readonly #executor: GraphExecutor;
  readonly #shapes: GraphShapes;

  constructor({ backend, executor, shaped, file }: GraphSessionOptions) {
    const { identity, device, deviceName = device, threads } = backend;
    this.#backend = backend;
    this.#executor = executor;
    const input = { name: inputName, type: 'float32', anySize: takesAnySize(shaped) } as const;
    this.#shapes = new GraphShapes(shaped, { ...input, file });
    this.input = this.#shapes.input;
    this.outputs = this.#shapes.outputs;
    this.computesWith = `${identity.name} ${identity.version}, ${deviceName}, ${threads} threads`;
  }

  async run(
    images: ImageBatch,
    outputs: readonly string[] = this.outputs.map(({ name }) => name),
  ): Promise<ReadonlyMap<string, OutputValues>> {
    this.#shapes.check(images);
    const { tf } = this.#backend;
    const tensors = tf.tidy(() => {
      const values = images.data instanceof Uint8Array ? new Float32Array(images.data) : images.data;
      return inferPlanar(this.#backend, this.#executor, tf.tensor4d(values, [...images.shape]));
    });
    try {
      const results = new Map<string, OutputValues>();
      for (const [index, { name }] of this.outputs.entries()) {
        const tensor = tensors[index];
        if (tensor === undefined || !outputs.includes(name)) continue;
        results.set(name, { shape: tensor.shape, data: await valuesOf(tensor) });
      }
      return results;
    } finally {
      tf.dispose(tensors);
    }
  }

  dispose(): Promise<void> {
    this.#executor.dispose();
    return Promise.resolve();
  }
}

/** The outputs for `images` (NHWC, 0..255) in the order of our files: batch, channels, height, width. To be called in a scope. */
export function inferPlanar({ tf }: Backend, executor: GraphExecutor, images: Tensor): Tensor[] {
  return executor.infer(images).map((output) => (output.rank === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output));
}

/** Puts a network on a backend. `file` names it in failures. */
export function graphSession(
  backend: Backend,
  { shaped, parameters }: ParameterizedGraph,
  file?: string,
): GraphSession {
  return new GraphSession({ backend, executor: new GraphExecutor(backend, shaped, parameters), shaped, file });
}
