import type { Backend } from '../backends/backend.ts';
import { inputName } from '../graph/graph.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { ParameterizedGraph } from '../model/model.ts';
import { GraphExecutor } from '../backends/graph-executor.ts';
import { inferPlanar } from './graph-session.ts';
import type { Onnxruntime } from './onnxruntime/load-onnxruntime.ts';
import { createRuntimeSession, runSession } from './onnxruntime/onnx-session.ts';

/**
 * What a network computes in inference, output by output, row by row in the order batch, channels, height, width, whatever
 * layout the backend computes in. `images`: RGB 0..255, [batch, channels, height, width].
 */
export function outputValues(
  backend: Backend,
  { shaped, parameters }: ParameterizedGraph,
  images: Float32Array,
): Float32Array[] {
  const { tf } = backend;
  const { channels, height, width } = shaped.graph.input;
  const batch = images.length / (channels * height * width);
  const executor = new GraphExecutor(backend, shaped, parameters);
  try {
    const outputs = tf.tidy(() => {
      const input = tf.transpose(tf.tensor4d(images, [batch, channels, height, width]), [0, 2, 3, 1]);
      return inferPlanar(backend, executor, input);
    });
    // Read outside of `tidy`, which would look for tensors in each of the values.
    const values = outputs.map((output) => output.dataSync<'float32'>().slice());
    for (const output of outputs) output.dispose();
    return values;
  } finally {
    executor.dispose();
  }
}

export interface OnnxOutputRequest {
  /** An ONNX file that was written here. */
  readonly file: string;
  /** Its network as it was written. */
  readonly shaped: ShapedGraph;
  /** RGB 0..255, [batch, channels, height, width]. */
  readonly images: Float32Array;
}

/**
 * The same as onnxruntime computes it, in the order of the graph; undefined for an output that the file does not have.
 * Fails with `onnx-not-loaded`.
 */
export async function onnxOutputValues(
  runtime: Onnxruntime,
  { file, shaped: { graph }, images }: OnnxOutputRequest,
): Promise<(Float32Array | undefined)[]> {
  const session = await createRuntimeSession(runtime, file, file);
  try {
    const { channels, height, width } = graph.input;
    const shape = [images.length / (channels * height * width), channels, height, width];
    const feeds = { [inputName]: new runtime.library.Tensor('float32', images, shape) };
    const results = await runSession(runtime, { session, file }, { feeds });
    return graph.outputs.map((name) => {
      const values = results[name]?.data;
      return values instanceof Float32Array ? values.slice() : undefined;
    });
  } finally {
    await session.release();
  }
}
