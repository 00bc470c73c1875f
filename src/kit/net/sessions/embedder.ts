import { statSync } from 'node:fs';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { loadEngine } from '../backends/load.ts';
import { Network } from '../backends/graph-executor.ts';
import { foreignEmbedder } from './onnxruntime/foreign-onnx.ts';
import { loadOnnxruntime } from './onnxruntime/load-onnxruntime.ts';
import { modelEmbedder } from './onnxruntime/model-embedder.ts';
import { foldBatchNormalization } from '../passes/fold-batch-normalization.ts';
import { modelFormatOf } from '../exchange/choose-format.ts';
import type { InputNormalization } from '../exchange/model-format.ts';
import { readModelAs } from '../exchange/read-model-as.ts';
import type { Model } from '../model/model-folder.ts';
import { networkEmbedder, type Embedder } from './network-embedder.ts';

export interface EmbedderOptions {
  /** A model folder, or a file of any format that can be read. */
  readonly model: string;
  readonly engine: EngineIdentity;
  readonly threads: number;
  /** What the network is to be fed where its file does not say it: (value - mean) * scale. */
  readonly normalization?: InputNormalization | undefined;
}

/**
 * Reads a model and puts its network on an engine, in inference mode. onnxruntime runs an `.onnx` file as it is, so that
 * it may hold what our own layers cannot express; every other model becomes a graph first. Fails with the codes of the
 * model's format, `option-not-taken`, `normalization-not-taken`, `engine-changed`, `engine-cannot-load`, `onnx-not-loaded` and `not-an-embedding`.
 */
export async function loadEmbedder(options: EmbedderOptions): Promise<Embedder> {
  const { model: path, engine: identity, threads, normalization } = options;
  if (identity.name !== 'onnxruntime') {
    const model = readForInference(options);
    const engine = await loadEngine(identity, { threads });
    return networkEmbedder(engine, new Network(engine, model.inferred, model.parameters), model.inferred, path);
  }
  const engine = loadOnnxruntime(identity, { threads });
  if (isOnnxFile(path)) return foreignEmbedder(engine, path, { normalization });
  return modelEmbedder(engine, readForInference(options), path);
}

/** With batch normalisation folded into the convolutions before it: less to compute, the same values. */
function readForInference({ model: path, normalization }: EmbedderOptions): Model {
  const options = normalization === undefined ? {} : { normalization };
  const model = readModelAs({ format: modelFormatOf(path), path, options });
  return { ...model, ...foldBatchNormalization(model) };
}

function isOnnxFile(path: string): boolean {
  return path.endsWith('.onnx') && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
