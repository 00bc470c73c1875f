import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { fail } from '../../../../core/failure.ts';
import type { Embedder } from '../network-embedder.ts';
import type { OnnxEngine } from './load-onnxruntime.ts';
import { type ImageInput, imageTensor } from './image-input.ts';

/** A session that turns images into embeddings. */
export interface OnnxNetwork {
  readonly session: InferenceSession;
  readonly input: ImageInput;
  /** Name of the output that holds the embeddings. */
  readonly output: string;
  readonly embeddingSize: number;
  /** The network takes exactly so many images at a time; what is missing is filled up with black. */
  readonly fixedBatch?: number | undefined;
  /** For failures. */
  readonly file: string;
}

/**
 * Images that the CPU computes at a time, however many are given: more take memory, which grows with them, and no less
 * time (r50: 0.74 GiB instead of 1.05 at 32).
 */
const imagesOnCpu = 16;

/** Makes a session of an ONNX file, or of its bytes. Fails with `onnx-not-loaded`. */
export async function openSession(
  engine: OnnxEngine,
  model: string | Uint8Array,
  file: string,
): Promise<InferenceSession> {
  const { InferenceSession: sessions } = engine.library;
  try {
    // `await` inside: a rejection shall be caught here.
    return await (typeof model === 'string'
      ? sessions.create(model, engine.session)
      : sessions.create(model, engine.session));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return fail(
      {
        code: 'onnx-not-loaded',
        message: `onnxruntime (${engine.provider}) does not take the network: ${reason}`,
        at: { file },
        hint: 'The file is damaged, or of operators that onnxruntime does not have; flow inspect says what it holds.',
      },
      cause,
    );
  }
}

export function onnxEmbedder(engine: OnnxEngine, network: OnnxNetwork): Embedder {
  const { session, input, embeddingSize, fixedBatch } = network;
  const { name, version } = engine.identity;
  const most = fixedBatch ?? (engine.provider === 'CPUExecutionProvider' ? imagesOnCpu : Infinity);
  return {
    height: input.height,
    width: input.width,
    embeddingSize,
    computesWith: `${name} ${version}, ${engine.provider}, ${engine.threads} threads`,
    embed: (pixels, count) => embedInParts(engine, network, { pixels, count }, most),
    dispose() {
      // It ends with the library's own work; nobody waits for memory to be given back.
      void session.release();
    },
  };
}

interface Images {
  readonly pixels: Uint8Array;
  readonly count: number;
}

async function embedBatch(engine: OnnxEngine, network: OnnxNetwork, images: Images): Promise<Float32Array> {
  const { session, input, output, embeddingSize, file } = network;
  const fed = imageTensor(engine.library, input, images);
  const results = await session.run({ [input.name]: fed }, [output]);
  const rows: Tensor | undefined = results[output];
  const values = rows?.data;
  if (!(values instanceof Float32Array) || values.length !== images.count * embeddingSize) {
    return fail({
      code: 'not-an-embedding',
      message:
        `Expected output "${output}" to give ${embeddingSize} float32 values for each of ${images.count} images, ` +
        `found ${rows?.type ?? 'nothing'} of shape [${rows?.dims.join(', ') ?? ''}].`,
      at: { file },
    });
  }
  // A copy: the library may use its memory for the next batch.
  const copy = values.slice();
  rows?.dispose();
  return copy;
}

async function embedInParts(
  engine: OnnxEngine,
  network: OnnxNetwork,
  { pixels, count }: Images,
  most: number,
): Promise<Float32Array> {
  const { embeddingSize, fixedBatch } = network;
  const imageBytes = pixels.length / count;
  const result = new Float32Array(count * embeddingSize);
  for (let start = 0; start < count; start += most) {
    const end = Math.min(start + most, count);
    const part = pixels.subarray(start * imageBytes, end * imageBytes);
    const fed = { pixels: filledUp(part, (fixedBatch ?? 0) * imageBytes), count: fixedBatch ?? end - start };
    const rows = await embedBatch(engine, network, fed);
    result.set(rows.subarray(0, (end - start) * embeddingSize), start * embeddingSize);
  }
  return result;
}

/** With zeros up to `length`, if it is shorter. */
function filledUp(pixels: Uint8Array, length: number): Uint8Array {
  if (pixels.length >= length) return pixels;
  const filled = new Uint8Array(length);
  filled.set(pixels);
  return filled;
}
