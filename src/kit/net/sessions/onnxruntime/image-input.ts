import type { Tensor } from 'onnxruntime-node';
import type { OnnxLibrary } from './load-onnxruntime.ts';

/** What an ONNX network takes: (value - mean) * scale of the bytes 0..255 of an image. */
export interface ImageInput {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly layout: 'nchw' | 'nhwc';
  readonly type: 'float32' | 'uint8';
  readonly mean: number;
  readonly scale: number;
  readonly colorOrder: 'rgb' | 'bgr';
}

/** Makes the tensor for `count` images, RGB bytes, NHWC. Bytes that can go in as they are are not copied. */
export function imageTensor(
  library: OnnxLibrary,
  input: ImageInput,
  { pixels, count }: { readonly pixels: Uint8Array; readonly count: number },
): Tensor {
  const { height, width, layout, type } = input;
  const shape = layout === 'nhwc' ? [count, height, width, 3] : [count, 3, height, width];
  if (takesBytes(input)) return new library.Tensor('uint8', pixels, shape);
  const values = type === 'uint8' ? new Uint8Array(pixels.length) : new Float32Array(pixels.length);
  fill(values, pixels, input);
  return values instanceof Uint8Array
    ? new library.Tensor('uint8', values, shape)
    : new library.Tensor('float32', values, shape);
}

function takesBytes({ layout, type, colorOrder, mean, scale }: ImageInput): boolean {
  return layout === 'nhwc' && type === 'uint8' && colorOrder === 'rgb' && mean === 0 && scale === 1;
}

function fill(values: Uint8Array | Float32Array, pixels: Uint8Array, input: ImageInput): void {
  const plane = input.height * input.width;
  const table = Float32Array.from({ length: 256 }, (_, value) => (value - input.mean) * input.scale);
  // Where a channel of a pixel goes: planes of one channel each, or as it came.
  const [pixelStep, channelStep] = input.layout === 'nchw' ? [1, plane] : [3, 1];
  for (let channel = 0; channel < 3; channel += 1) {
    const place = (input.colorOrder === 'rgb' ? channel : 2 - channel) * channelStep;
    for (let start = 0; start < pixels.length; start += 3 * plane) {
      for (let pixel = 0; pixel < plane; pixel += 1) {
        values[start + place + pixel * pixelStep] = table[pixels[start + 3 * pixel + channel] ?? 0] ?? 0;
      }
    }
  }
}
