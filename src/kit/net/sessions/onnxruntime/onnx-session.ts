import type { InferenceSession as RuntimeSession, Tensor } from 'onnxruntime-node';
import { fail } from '../../../../core/failure.ts';
import { halfToNumber } from '../../../codec/little-endian-floats.ts';
import { failures } from '../../failures.ts';
import {
  checkImages,
  type ImageBatch,
  type InferenceSession,
  type InputDeclaration,
  type OutputDeclaration,
  type OutputValues,
} from '../inference-session.ts';
import { type ImageInput, imageTensor } from './image-input.ts';
import type { Onnxruntime } from './load-onnxruntime.ts';

/** Makes a session of the library from an ONNX file, or from its bytes. Fails with `onnx-not-loaded`. */
export async function createRuntimeSession(
  { library, session, provider }: Onnxruntime,
  model: string | Uint8Array,
  file: string,
): Promise<RuntimeSession> {
  const { InferenceSession: sessions } = library;
  try {
    // `await` inside: a rejection must be caught here.
    return await (typeof model === 'string' ? sessions.create(model, session) : sessions.create(model, session));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (provider === 'WebGpuExecutionProvider' && reason.includes('WebGPU adapter')) {
      const missing = 'its WebGPU provider finds no graphics processor';
      const remedy =
        'On Linux it needs the Vulkan loader (libvulkan1) and the driver; FLOW_ENGINE=onnxruntime does without.';
      return fail(failures.engineCannotLoad({ engine: 'onnxruntime', reason: missing, remedy }), cause);
    }
    if (reason.includes('fallback to CPU EP')) fail(failures.layersNotOnDevice({ provider }, { file }), cause);
    return fail(failures.onnxNotLoaded({ provider, reason }, { file }), cause);
  }
}

/** Computes `outputs`. Fails with `onnx-not-run`: what a file is wrong in shows in some only when it is computed. */
export async function runSession(
  { provider }: Pick<Onnxruntime, 'provider'>,
  { session, file }: { readonly session: RuntimeSession; readonly file: string },
  {
    feeds,
    outputs = session.outputNames,
  }: { readonly feeds: RuntimeSession.FeedsType; readonly outputs?: readonly string[] },
): Promise<RuntimeSession.ReturnType> {
  try {
    // `await` inside: a rejection must be caught here.
    return await session.run(feeds, [...outputs]);
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).trim();
    return fail(failures.onnxRunFailed({ provider, reason }, { file }), cause);
  }
}

/** A network of an ONNX file as the library runs it. */
export interface OnnxNetwork {
  readonly session: RuntimeSession;
  readonly input: ImageInput;
  readonly outputs: readonly OutputDeclaration[];
  /** The network takes exactly so many images at a time; what is missing is filled up with zeros. */
  readonly fixedBatch?: number | undefined;
  /** More images are run in parts. */
  readonly maxBatch?: number | undefined;
  /** Checks what the declaration of the input does not say. */
  readonly check?: (images: ImageBatch) => void;
  /** For failures. */
  readonly file: string;
}

/** A network in onnxruntime. */
export class OnnxSession implements InferenceSession {
  readonly input: InputDeclaration;
  readonly outputs: readonly OutputDeclaration[];
  readonly computesWith: string;
  readonly #runtime: Onnxruntime;
  readonly #network: OnnxNetwork;

  constructor(runtime: Onnxruntime, network: OnnxNetwork) {
    const { name, type, height, width, channels } = network.input;
    const { identity, provider, threads } = runtime;
    this.#runtime = runtime;
    this.#network = network;
    // Halves are made of floats here.
    this.input = { name, type: type === 'uint8' ? type : 'float32', shape: [undefined, height, width, channels] };
    this.outputs = network.outputs;
    this.computesWith = `${identity.name} ${identity.version}, ${provider}, ${threads} threads`;
  }

  async run(
    images: ImageBatch,
    outputs: readonly string[] = this.outputs.map(({ name }) => name),
  ): Promise<ReadonlyMap<string, OutputValues>> {
    const { fixedBatch, maxBatch = Infinity, check, file } = this.#network;
    checkImages(this.input, images, file);
    check?.(images);
    const [count] = images.shape;
    const atATime = fixedBatch ?? Math.min(count, maxBatch);
    const joined = new JoinedOutputs(count, file);
    for (let start = 0; start < count; start += atATime) {
      const end = Math.min(start + atATime, count);
      const part = partOf(images, { start, end, filledTo: fixedBatch ?? end - start });
      const results = await this.#runPart(part, outputs);
      for (const name of outputs) joined.add(name, results[name], { start, end, ran: part.shape[0] });
    }
    return joined.values;
  }

  async #runPart(part: ImageBatch, outputs: readonly string[]): Promise<RuntimeSession.ReturnType> {
    const { session, input, file } = this.#network;
    const fed = imageTensor(this.#runtime.library, input, part);
    return runSession(this.#runtime, { session, file }, { feeds: { [input.name]: fed }, outputs });
  }

  async dispose(): Promise<void> {
    await this.#network.session.release();
  }
}

interface Part {
  /** Which of all images. */
  readonly start: number;
  readonly end: number;
}

/** Some of the images, with zeros behind them up to `filledTo` images. */
function partOf(
  { data, shape: [count, ...size] }: ImageBatch,
  { start, end, filledTo }: Part & { readonly filledTo: number },
): ImageBatch {
  const shape = [filledTo, ...size] as const;
  if (start === 0 && end === count && filledTo === count) return { data, shape };
  const length = data.length / count;
  const part = data.subarray(start * length, end * length);
  if (filledTo === end - start) return { data: part, shape };
  const filled = data instanceof Uint8Array ? new Uint8Array(filledTo * length) : new Float32Array(filledTo * length);
  filled.set(part);
  return { data: filled, shape };
}

/** Outputs of several runs behind each other, copied out of memory that the library will use again. */
class JoinedOutputs {
  readonly values = new Map<string, OutputValues>();
  readonly #count: number;
  readonly #file: string;

  constructor(count: number, file: string) {
    this.#count = count;
    this.#file = file;
  }

  /** `ran`: the images of the run, with those that only filled it up. Ends with the tensor. */
  add(name: string, tensor: Tensor | undefined, { start, end, ran }: Part & { readonly ran: number }): void {
    if (tensor === undefined) this.#refuse(name, 'values', 'none');
    const { dims, type, data } = tensor;
    const floats = type === 'float16' ? halvesOf(data) : floatsOf(data);
    if (floats === undefined) this.#refuse(name, 'numbers', type);
    if (ran === this.#count) {
      this.values.set(name, { shape: [...dims], data: floats.slice() });
    } else {
      const [rows = 1, ...rest] = dims;
      if (rows % ran !== 0) this.#refuse(name, `rows for each of ${ran} images`, `shape [${dims.join(', ')}]`);
      const perImage = floats.length / ran;
      const whole = this.values.get(name) ?? {
        shape: [(rows / ran) * this.#count, ...rest],
        data: new Float32Array(perImage * this.#count),
      };
      whole.data.set(floats.subarray(0, (end - start) * perImage), start * perImage);
      this.values.set(name, whole);
    }
    tensor.dispose();
  }

  #refuse(output: string, expected: string, found: string): never {
    return fail(failures.networkOutputMismatch({ output, expected, found }, { file: this.#file }));
  }
}

/** The bits of float16 values as Node.js 20 has them, or the values, where there are arrays of such. */
function halvesOf(data: Tensor['data']): Float32Array {
  if (data instanceof Uint16Array) return Float32Array.from(data, halfToNumber);
  return Float32Array.from({ length: data.length }, (_, index) => Number(data[index]));
}

/** Undefined for strings. */
function floatsOf(data: Tensor['data']): Float32Array | undefined {
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float32Array.from(data, Number);
  if (data instanceof Float64Array || data instanceof Int32Array) return Float32Array.from(data);
  return data instanceof Uint8Array || data instanceof Int8Array ? Float32Array.from(data) : undefined;
}
