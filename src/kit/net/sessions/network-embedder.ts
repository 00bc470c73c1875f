import { embeddingOutput } from '../model/embedding-output.ts';
import type { EngineHandle } from '../backends/engine-handle.ts';
import type { Network } from '../backends/graph-executor.ts';
import { required } from '../backends/required.ts';
import type { ShapedGraph } from '../graph/infer-shapes.ts';

/** A network ready to turn images into embeddings; the shape of `FaceEmbedder` in src/kit/face, and an end. */
export interface Embedder {
  readonly height: number;
  readonly width: number;
  /** Floats per embedding. */
  readonly embeddingSize: number;
  /** Engine, version, device or execution provider, and threads, for people: what really computes. */
  readonly computesWith: string;
  /**
   * Embeds `count` RGB images, bytes 0..255, NHWC (count x height x width x 3). Resolves to count x embeddingSize
   * floats, not normalised. `count` may vary from call to call.
   */
  embed(pixels: Uint8Array, count: number): Promise<Float32Array>;
  /** Frees the tensors of the network. */
  dispose(): void;
}

/** A network on an engine as an embedder. Fails with `not-an-embedding`, naming the file where one is given. */
export function networkEmbedder(
  engine: EngineHandle,
  network: Network,
  inferred: ShapedGraph,
  file?: string,
): Embedder {
  const { height, width, channels } = inferred.graph.input;
  const { size: embeddingSize } = embeddingOutput(inferred, file);
  return {
    height,
    width,
    embeddingSize,
    computesWith: `${engine.identity.name} ${engine.identity.version}, ${engine.device}, ${engine.threads} threads`,
    async embed(pixels, count) {
      const input = engine.tf.tensor4d(new Float32Array(pixels), [count, height, width, channels]);
      const output = required(network.infer(input)[0]);
      input.dispose();
      const values = await output.data<'float32'>();
      output.dispose();
      return Float32Array.from(values);
    },
    dispose() {
      network.dispose();
    },
  };
}
