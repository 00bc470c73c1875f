import type { EngineHandle } from './engines/engine-handle.ts';
import { Network } from './engines/network.ts';
import { foldBatchNormalization } from './fold-batch-normalization.ts';
import { readModel } from './model-folder.ts';
import { networkEmbedder } from './network-embedder.ts';

export interface EmbedderOptions {
  /** Folder with model.json and parameters.bin. */
  readonly modelFolder: string;
  readonly engine: EngineHandle;
}

/** A network ready to turn pictures into embeddings; the shape of `FaceEmbedder` in src/face, and an end. */
export interface Embedder {
  readonly height: number;
  readonly width: number;
  /** Floats per embedding. */
  readonly embeddingSize: number;
  /**
   * Embeds `count` RGB pictures, bytes 0..255, NHWC (count x height x width x 3). Resolves to count x embeddingSize
   * floats, not normalised. `count` may vary from call to call.
   */
  embed(pixels: Uint8Array, count: number): Promise<Float32Array>;
  /** Frees the tensors of the network. */
  dispose(): void;
}

/** Reads a model folder and puts its network on the engine, in inference mode. Fails with the codes of `readModel`. */
export function loadEmbedder({ modelFolder, engine }: EmbedderOptions): Promise<Embedder> {
  const { inferred, parameters } = foldBatchNormalization(readModel(modelFolder));
  return Promise.resolve(networkEmbedder(engine, new Network(engine, inferred, parameters), inferred));
}
