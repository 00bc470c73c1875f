import type { ParameterizedGraph } from '../passes/fold-batch-normalization.ts';
import type { EngineHandle } from '../backends/engine-handle.ts';
import { Network } from '../backends/graph-executor.ts';

/**
 * What a network gives in inference, output by output, row by row in the order batch, channels, height, width, whatever
 * layout the engine computes in. `images`: RGB 0..255, [batch, channels, height, width].
 */
export function outputValues(
  engine: EngineHandle,
  { inferred, parameters }: ParameterizedGraph,
  images: Float32Array,
): Float32Array[] {
  const { tf } = engine;
  const { channels, height, width } = inferred.graph.input;
  const batch = images.length / (channels * height * width);
  const network = new Network(engine, inferred, parameters);
  try {
    return tf.tidy(() => {
      const input = tf.transpose(tf.tensor4d(images, [batch, channels, height, width]), [0, 2, 3, 1]);
      return network
        .infer(input)
        .map((output) => (output.rank === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output))
        .map((output) => Float32Array.from(output.dataSync()));
    });
  } finally {
    network.dispose();
  }
}
