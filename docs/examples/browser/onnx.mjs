/*
 * The network as ONNX, in onnxruntime-web. Beside this file belong
 *   model.onnx                          flow export-model FOLDER --to onnx
 *   ort.wasm.min.mjs                    of the package onnxruntime-web, folder dist
 *   ort-wasm-simd-threaded.{mjs,wasm}   as well
 */
import * as ort from './ort.wasm.min.mjs';

/** Height and width of the images that the network takes, and what it makes of the pixels of one: red, green, blue, row by row. */
export async function openNetwork() {
  // More threads need a page that is isolated from others (Cross-Origin-Opener-Policy).
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create('model.onnx');
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  const [, channels, height, width] = session.inputMetadata[0].shape;
  return { height, width, embed };

  async function embed(pixels) {
    const size = height * width;
    const planes = new Float32Array(pixels.length);
    for (let index = 0; index < pixels.length; index += 1) {
      planes[(index % channels) * size + Math.floor(index / channels)] = pixels[index];
    }
    const results = await session.run({ [input]: new ort.Tensor('float32', planes, [1, channels, height, width]) });
    return results[output].data;
  }
}
