import { inputName } from '../../graph/graph.ts';
import type { ShapedGraph } from '../../graph/infer-shapes.ts';
import type { OnnxEngine } from './load-onnxruntime.ts';
import { openSession } from './onnx-embedder.ts';

/**
 * What an ONNX file that was written here gives in onnxruntime, output by output in the order of the graph, row by row
 * in the order batch, channels, height, width; undefined for an output that the file does not give. `images`: RGB
 * 0..255, [batch, channels, height, width]. Fails with `onnx-not-loaded`.
 */
export async function onnxOutputValues(
  engine: OnnxEngine,
  file: string,
  { graph }: ShapedGraph,
  images: Float32Array,
): Promise<(Float32Array | undefined)[]> {
  const session = await openSession(engine, file, file);
  try {
    const { channels, height, width } = graph.input;
    const shape = [images.length / (channels * height * width), channels, height, width];
    const fed = new engine.library.Tensor('float32', images, shape);
    const results = await session.run({ [inputName]: fed });
    return graph.outputs.map((name) => {
      const values = results[name]?.data;
      return values instanceof Float32Array ? values.slice() : undefined;
    });
  } finally {
    await session.release();
  }
}
