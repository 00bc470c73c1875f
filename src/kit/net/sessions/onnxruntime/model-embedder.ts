import type { Model } from '../../model/model-folder.ts';
import { embeddingOutput } from '../../model/embedding-output.ts';
import { onnxBytes } from '../../exchange/onnx/write-onnx.ts';
import type { Embedder } from '../network-embedder.ts';
import type { OnnxEngine } from './load-onnxruntime.ts';
import { onnxEmbedder, openSession } from './onnx-embedder.ts';
import { decomposePrelu } from '../../passes/decompose-prelu.ts';

/**
 * A model on onnxruntime, by way of its ONNX form in memory. Images go in as bytes, NHWC; turning them into floats in
 * planes is part of the graph, where onnxruntime does it with all its threads.
 */
export async function modelEmbedder(engine: OnnxEngine, model: Model, file: string): Promise<Embedder> {
  const { layer, size: embeddingSize } = embeddingOutput(model.inferred, file);
  const { height, width } = model.inferred.graph.input;
  const written = engine.provider === 'CPUExecutionProvider' ? decomposePrelu(model) : model;
  const session = await openSession(engine, onnxBytes(written, { input: 'bytes' }), file);
  const [name = ''] = session.inputNames;
  const input = { name, height, width, layout: 'nhwc', type: 'uint8', mean: 0, scale: 1, colorOrder: 'rgb' } as const;
  return onnxEmbedder(engine, { session, input, output: layer, embeddingSize, file });
}
