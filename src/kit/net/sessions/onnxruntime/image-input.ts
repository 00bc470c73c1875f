import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { numberToHalf } from '../../../codec/little-endian-floats.ts';
import { ofChannel } from '../../exchange/input-normalization.ts';
import type { InputNormalization } from '../../exchange/model-format.ts';
import type { ImageBatch } from '../inference-session.ts';
import type { Onnxruntime } from './load-onnxruntime.ts';

/** What an ONNX network takes: (value - mean) * scale of the values 0..255 of an image. */
export interface ImageInput extends InputNormalization {
  readonly name: string;
  /** Undefined: any. */
  readonly height: number | undefined;
  readonly width: number | undefined;
  readonly channels: number;
  readonly layout: 'nchw' | 'nhwc';
  readonly type: 'float32' | 'float16' | 'uint8';
}

/** The input of a file, or why it is not a batch of images. */
export type ImageInputResult =
  | { readonly outcome: 'taken'; readonly input: ImageInput; readonly fixedBatch: number | undefined }
  | { readonly outcome: 'refused'; readonly problem: string };

const asTheyAre: InputNormalization = { mean: 0, scale: 1, colorOrder: 'rgb' };

/** Reads layout, size and batch of a file that another program wrote from the shapes it declares. */
export function readImageInput(session: InferenceSession, normalization = asTheyAre, channels = 3): ImageInputResult {
  const refused = (problem: string): ImageInputResult => ({ outcome: 'refused', problem });
  const [input, second] = session.inputMetadata;
  if (input?.isTensor !== true || second !== undefined) {
    return refused(`expected one input, the images, found ${session.inputNames.join(', ')}`);
  }
  const { type, shape, name } = input;
  const shown = `[${shape.join(', ')}]`;
  if (shape.length !== 4) return refused(`expected images of 4 axes as its input, found ${shown}`);
  if (type !== 'float32' && type !== 'uint8' && type !== 'float16') {
    return refused(`its input is ${type}; float32, float16 and uint8 are read`);
  }
  const isChannelsFirst = shape[1] === channels;
  if (!isChannelsFirst && shape[3] !== channels) {
    return refused(`expected an input of ${channels} channels, NCHW or NHWC, found ${shown}`);
  }
  const sizeOf = (length: number | string | undefined): number | undefined =>
    typeof length === 'number' && length > 0 ? length : undefined;
  const [height, width] = (isChannelsFirst ? [shape[2], shape[3]] : [shape[1], shape[2]]).map(sizeOf);
  const layout = isChannelsFirst ? 'nchw' : 'nhwc';
  return {
    outcome: 'taken',
    input: { name, layout, type, height, width, channels, ...normalization },
    fixedBatch: sizeOf(shape[0]),
  };
}

/** Makes the tensor that a network is fed. Values that can go in as they are are not copied. */
export function imageTensor(library: Onnxruntime['library'], input: ImageInput, images: ImageBatch): Tensor {
  const { layout, type } = input;
  const { data, shape } = images;
  const [batch, height, width, channels] = shape;
  const tensorOf = (values: ImageBatch['data']): Tensor => {
    const axes = layout === 'nhwc' ? shape : [batch, channels, height, width];
    if (values instanceof Uint8Array) return new library.Tensor('uint8', values, axes);
    return type === 'float16'
      ? new library.Tensor('float16', Uint16Array.from(values, numberToHalf), axes)
      : new library.Tensor('float32', values, axes);
  };
  const isTyped = (type === 'uint8') === data instanceof Uint8Array;
  if (isTyped && layout === 'nhwc' && takesValues(input)) return tensorOf(data);
  const values = type === 'uint8' ? new Uint8Array(data.length) : new Float32Array(data.length);
  fill(values, input, images);
  return tensorOf(values);
}

/** Whether the network takes the values as they are. */
function takesValues({ mean, scale, colorOrder }: ImageInput): boolean {
  return mean === 0 && scale === 1 && colorOrder === 'rgb';
}

function fill(values: Uint8Array | Float32Array, input: ImageInput, { data, shape }: ImageBatch): void {
  const { layout, colorOrder } = input;
  const [, height, width, channels] = shape;
  const plane = height * width;
  // Where a channel of a pixel goes: planes of one channel each, or as it came.
  const [pixelStep, channelStep] = layout === 'nchw' ? [1, plane] : [channels, 1];
  for (let channel = 0; channel < channels; channel += 1) {
    const [mean, scale] = [ofChannel(input.mean, channel), ofChannel(input.scale, channel)];
    const table =
      data instanceof Uint8Array ? Float32Array.from({ length: 256 }, (_, value) => (value - mean) * scale) : undefined;
    const place = (colorOrder === 'rgb' ? channel : channels - 1 - channel) * channelStep;
    for (let start = 0; start < data.length; start += channels * plane) {
      let to = start + place;
      const end = start + channels * plane;
      // Two loops, each of which the compiler makes a plain one of.
      if (table !== undefined) {
        for (let from = start + channel; from < end; from += channels, to += pixelStep) {
          values[to] = table[data[from] ?? 0] ?? 0;
        }
        continue;
      }
      for (let from = start + channel; from < end; from += channels, to += pixelStep) {
        values[to] = ((data[from] ?? 0) - mean) * scale;
      }
    }
  }
}
