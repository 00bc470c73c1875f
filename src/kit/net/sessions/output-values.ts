import type { Backend } from '../backends/backend.ts';
import { inputName } from '../graph/graph.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { ParameterizedGraph } from '../model/model.ts';
import { GraphExecutor } from '../backends/graph-executor.ts';
import { valuesOf } from '../backends/tensors.ts';
import { inferPlanar } from './graph-session.ts';
import type { Onnxruntime } from './onnxruntime/load-onnxruntime.ts';
import type { InputNormalization } from '../exchange/model-format.ts';
import type { ImageBatch } from './inference-session.ts';
import { readImageInput } from './onnxruntime/image-input.ts';
import { FailureError } from '../../../core/failure.ts';
import { createRuntimeSession, OnnxSession, runSession } from './onnxruntime/onnx-session.ts';

/**
 * What a network computes in inference, output by output, row by row in the order batch, channels, height, width, whatever
 * layout the backend computes in. `images`: RGB 0..255, [batch, channels, height, width].
 */
export async function outputValues(
  backend: Backend,
  { shaped, parameters }: ParameterizedGraph,
  images: Float32Array,
): Promise<Float32Array[]> {
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
    const values = await Promise.all(outputs.map(valuesOf));
    for (const output of outputs) output.dispose();
    return values;
  } finally {
    executor.dispose();
  }
}

export interface SourceOutputRequest {
  /** An ONNX file of another program. */
  readonly file: string;
  /** Its network as it was read, with the normalisation in front. */
  readonly shaped: ShapedGraph;
  /** Names of its values that are asked for; those that it declares as outputs unless given. */
  readonly outputs: readonly string[] | undefined;
  readonly normalization: InputNormalization | undefined;
  /** RGB 0..255, [batch, channels, height, width]. */
  readonly images: Float32Array;
}

/**
 * What onnxruntime computes of a file as it is, in the order of the graph, an image at a time; or why it cannot.
 */
export async function sourceOutputValues(
  runtime: Onnxruntime,
  { file, shaped: { graph }, outputs, normalization, images }: SourceOutputRequest,
): Promise<Float32Array[] | string> {
  try {
    const session = await createRuntimeSession(runtime, file, file);
    const { channels } = graph.input;
    const read = readImageInput(session, normalization, channels);
    if (read.outcome === 'refused') return read.problem;
    const names = outputs ?? session.outputNames;
    const within = names.find((name) => !session.outputNames.includes(name));
    if (within !== undefined) return `"${within}" is no output of the file`;
    const network = new OnnxSession(runtime, {
      ...{ session, input: read.input, outputs: [], file },
      ...{ fixedBatch: read.fixedBatch, maxBatch: 1 },
    });
    try {
      const values = await network.run(
        interleaved(images, { ...graph.input, type: read.input.type === 'uint8' ? 'uint8' : 'float32' }),
        names,
      );
      return names.map((name) => values.get(name)?.data ?? new Float32Array(0));
    } finally {
      await network.dispose();
    }
  } catch (error) {
    if (error instanceof FailureError) return error.failures[0].message;
    throw error;
  }
}

/** Planes as pixels one after the other. */
function interleaved(
  images: Float32Array,
  { channels, height, width, type }: ShapedGraph['graph']['input'] & { readonly type: 'float32' | 'uint8' },
): ImageBatch {
  const plane = height * width;
  const data = type === 'uint8' ? new Uint8Array(images.length) : new Float32Array(images.length);
  for (const [index, value] of images.entries()) {
    const image = Math.floor(index / (channels * plane));
    const channel = Math.floor(index / plane) % channels;
    data[(image * plane + (index % plane)) * channels + channel] = value;
  }
  return { data, shape: [images.length / (channels * plane), height, width, channels] };
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
