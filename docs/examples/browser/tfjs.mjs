/*
 * The network as a graph model, in TensorFlow.js 4.22. Beside this file belong
 *   model.json, model-shard1of1.bin, ...                  flow export-model FOLDER --to tfjs
 *   tf-core.min.js, tf-converter.min.js, tf-backend-wasm.min.js
 *                     of the packages @tensorflow/tfjs-core, tfjs-converter and tfjs-backend-wasm, folder dist
 *   tfjs-backend-wasm-simd.wasm                           of the last one as well
 */
import './tf-core.min.js';
import './tf-converter.min.js';
import './tf-backend-wasm.min.js';

const { tf } = globalThis;

/** Height and width of the images that the network takes, and what it makes of the pixels of one: red, green, blue, row by row. */
export async function openNetwork() {
  tf.enableProdMode();
  await tf.setBackend('wasm');
  // Without a slash TensorFlow.js would look for the shards at the root of the server.
  const model = await tf.loadGraphModel('./model.json');
  const [, height, width, channels] = model.inputs[0].shape;
  return { height, width, embed };

  async function embed(pixels) {
    const result = tf.tidy(() => model.predict(tf.tensor(pixels, [1, height, width, channels])));
    const vector = await result.data();
    result.dispose();
    return vector;
  }
}
