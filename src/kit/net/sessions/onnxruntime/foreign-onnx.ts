import type { InferenceSession } from 'onnxruntime-node';
import { fail } from '../../../../core/failure.ts';
import { changesValues } from '../../exchange/check-normalization.ts';
import type { InputNormalization } from '../../exchange/model-format.ts';
import type { Embedder } from '../network-embedder.ts';
import { checkForeign } from './check-foreign.ts';
import type { OnnxEngine } from './load-onnxruntime.ts';
import { onnxEmbedder, openSession } from './onnx-embedder.ts';
import type { ImageInput } from './image-input.ts';

/** What an ONNX file does not say of itself. */
export interface ForeignOptions {
  /** What its programs do to an image before the network sees it; needed unless the network begins by that itself. */
  readonly normalization?: InputNormalization | undefined;
  /** Size of the images where the file leaves it open; 112 x 112 unless given. */
  readonly size?: { readonly height: number; readonly width: number } | undefined;
}

/** The least and the most common size of aligned faces. */
const usualSide = 112;

/**
 * An ONNX file that somebody else wrote, run as it is. Its layout, size and batch are told from the shapes it declares;
 * a fixed batch is filled up. Fails with `onnx-not-loaded`, `not-an-embedding`, `normalization-not-taken` and the codes of
 * `checkForeign`.
 */
export async function foreignEmbedder(engine: OnnxEngine, file: string, options: ForeignOptions): Promise<Embedder> {
  const session = await openSession(engine, file, file);
  const { batch, ...input } = inputOf(session, file, options);
  checkForeign(file, options.normalization);
  const [output, ...others] = session.outputNames;
  if (output === undefined) return refuse(file, 'it has no output');
  if (others.length > 0) return refuse(file, `expected one output, found ${session.outputNames.join(', ')}`);
  const embeddingSize = await embeddingSizeOf(engine, { session, input, output, file, fixedBatch: batch });
  return onnxEmbedder(engine, { session, input, output, embeddingSize, fixedBatch: batch, file });
}

function inputOf(
  session: InferenceSession,
  file: string,
  { normalization, size }: ForeignOptions,
): ImageInput & { readonly batch: number | undefined } {
  const [input, second] = session.inputMetadata;
  if (input?.isTensor !== true || second !== undefined) {
    return refuse(file, `expected one input, the images, found ${session.inputNames.join(', ')}`);
  }
  const { type, shape, name } = input;
  const shown = `[${shape.join(', ')}]`;
  if (shape.length !== 4) return refuse(file, `expected images of 4 axes as its input, found ${shown}`);
  if (type !== 'float32' && type !== 'uint8') return refuse(file, `its input is ${type}; float32 and uint8 are read`);
  if (type === 'uint8' && normalization !== undefined && changesValues(normalization)) refuseFractions(file, name);
  const isChannelsFirst = shape[1] === 3;
  if (!isChannelsFirst && shape[3] !== 3) {
    return refuse(file, `expected an input of 3 channels, NCHW or NHWC, found ${shown}`);
  }
  const [height, width] = isChannelsFirst ? [shape[2], shape[3]] : [shape[1], shape[2]];
  return {
    name,
    layout: isChannelsFirst ? 'nchw' : 'nhwc',
    type,
    height: typeof height === 'number' ? height : (size?.height ?? usualSide),
    width: typeof width === 'number' ? width : (size?.width ?? usualSide),
    mean: normalization?.mean ?? 0,
    scale: normalization?.scale ?? 1,
    colorOrder: normalization?.colorOrder ?? 'rgb',
    batch: typeof shape[0] === 'number' ? shape[0] : undefined,
  };
}

interface Probe {
  readonly session: InferenceSession;
  readonly input: ImageInput;
  readonly output: string;
  readonly file: string;
  readonly fixedBatch: number | undefined;
}

/** From a run on black images: what files declare of their outputs is often wrong, or left open. */
async function embeddingSizeOf(
  engine: OnnxEngine,
  { session, input, output, file, fixedBatch }: Probe,
): Promise<number> {
  const count = fixedBatch ?? 1;
  const { height, width, layout, type, name } = input;
  const shape = layout === 'nchw' ? [count, 3, height, width] : [count, height, width, 3];
  const length = count * height * width * 3;
  const black =
    type === 'uint8'
      ? new engine.library.Tensor('uint8', new Uint8Array(length), shape)
      : new engine.library.Tensor('float32', new Float32Array(length), shape);
  const result = (await session.run({ [name]: black }, [output]))[output];
  const size = (result?.size ?? 0) / count;
  const [rows, , ...others] = result?.dims ?? [];
  if (rows !== count || !others.every((length) => length === 1) || !Number.isInteger(size)) {
    return refuse(
      file,
      `output "${output}" is expected to be one row per image, found shape [${result?.dims.join(', ') ?? ''}]`,
    );
  }
  return size;
}

function refuse(file: string, problem: string): never {
  return fail({
    code: 'not-an-embedding',
    message: `The network is none that embeds faces: ${problem}.`,
    at: { file },
    hint: 'One takes images and gives a row of numbers for each; flow inspect shows what goes in and out.',
  });
}

function refuseFractions(file: string, input: string): never {
  return fail({
    code: 'normalization-not-taken',
    message: `Input "${input}" takes whole numbers 0..255 (uint8), which normalised pixels are not.`,
    at: { file },
    hint: 'Leave mean and scale out: such a network normalises what it is fed itself.',
  });
}
