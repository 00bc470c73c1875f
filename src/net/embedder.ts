import type { EngineHandle } from './engines/engine-handle.ts';
import { Network } from './engines/network.ts';
import { foldBatchNormalization } from './fold-batch-normalization.ts';
import { readModel } from './model-folder.ts';
import { networkEmbedder, type Embedder } from './network-embedder.ts';

export interface EmbedderOptions {
  /** Folder with model.json and parameters.bin. */
  readonly modelFolder: string;
  readonly engine: EngineHandle;
}

/** Reads a model folder and puts its network on the engine, in inference mode. Fails with the codes of `readModel`. */
export function loadEmbedder({ modelFolder, engine }: EmbedderOptions): Promise<Embedder> {
  const { inferred, parameters } = foldBatchNormalization(readModel(modelFolder));
  return Promise.resolve(networkEmbedder(engine, new Network(engine, inferred, parameters), inferred));
}
