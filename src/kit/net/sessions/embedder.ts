import { statSync } from 'node:fs';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { fail, FailureError } from '../../../core/failure.ts';
import { modelFormatOf } from '../exchange/choose-format.ts';
import type { InputNormalization } from '../exchange/model-format.ts';
import { givenReadOptions, readModelAs } from '../exchange/read-model-as.ts';
import { failures } from '../failures.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { ImageSize } from '../graph/graph.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import { embeddingOutput } from '../model/embedding-output.ts';
import { foldBatchNormalization } from '../passes/fold-batch-normalization.ts';
import type { Embedder, InferenceSession } from './inference-session.ts';
import { checkForeign } from './onnxruntime/check-foreign.ts';
import { type NetworkSource, openSession } from './open-session.ts';

export interface EmbedderOptions {
  /** A model folder, or a file of any format that can be read. */
  readonly model: string;
  readonly engine: EngineIdentity;
  readonly threads: number;
  /** What the network takes where its file does not say it: (value - mean) * scale. */
  readonly normalization?: InputNormalization | undefined;
  /** The layer or output that holds the embedding; needed if the network has several outputs. */
  readonly output?: string | undefined;
  /** Size of the images, where the file leaves it open. */
  readonly input?: ImageSize | undefined;
  /**
   * An `.onnx` file of which our layers can express all becomes a graph of ours too, which is computed up to three times as fast
   * (normalisation folded, PReLU taken apart); the same values within rounding. Default false: onnxruntime runs the file as it is.
   */
  readonly asGraph?: boolean | undefined;
}

/**
 * Images that onnxruntime computes at a time on the CPU, however many are given: more take memory, which grows with them,
 * and no less time (r50: 0.74 GiB instead of 1.05 at 32).
 */
export const imagesOnCpu = 16;

/** The size of aligned faces, where a file leaves it open. */
const usualSide = 112;

/**
 * Reads a model and puts its network on an engine, in inference mode. onnxruntime runs an `.onnx` file as it is, so that
 * it may hold what our own layers cannot express; every other model becomes a graph first. Fails with the codes of the
 * model's format, `option-not-taken`, those of {@link openSession} and `not-an-embedding`.
 */
export async function loadEmbedder(options: EmbedderOptions): Promise<Embedder> {
  const { model: file, engine, threads, output, input } = options;
  const { source, known } = readSource(options);
  const session = await openSession(source, {
    ...{ engine, threads, maxBatchOnCpu: imagesOnCpu, notTaken: failures.foreignNetworkDoesNotEmbed },
    input: 'bytes',
    ownSizeOnly: true,
  });
  return new SessionEmbedder(session, known ?? (await probeEmbedding(session, { file, output, input })));
}

interface EmbedderSource {
  readonly source: NetworkSource;
  /** Undefined: to be found by a run. */
  readonly known?: EmbeddingDescription;
}

function readSource(options: EmbedderOptions): EmbedderSource {
  const { model: path, engine, normalization, asGraph = false } = options;
  const isOnnxFile = path.endsWith('.onnx') && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (engine.name !== 'onnxruntime' || !isOnnxFile) return readGraph(options);
  const asFile: EmbedderSource = { source: { kind: 'onnx-file', file: path, normalization } };
  if (!asGraph) return asFile;
  try {
    checkForeign(path, normalization);
    return readGraph(options);
  } catch (error) {
    // What our layers cannot express is computed by the library alone, and what is wrong with the file is told by it.
    if (error instanceof FailureError) return asFile;
    throw error;
  }
}

function readGraph({ model: path, normalization, output, input }: EmbedderOptions): EmbedderSource {
  const format = modelFormatOf(path);
  const takesOutputs = format.takes.read.includes('outputs');
  const options = givenReadOptions({
    normalization,
    input,
    outputs: takesOutputs && output !== undefined ? [output] : undefined,
  });
  const read = readModelAs({ format, path, options });
  const { graph } = read.shaped;
  const chosen =
    output === undefined || takesOutputs ? read.shaped : inferShapes({ ...graph, outputs: [output] }, path);
  // Less to compute, the same values.
  const model = foldBatchNormalization({ ...read, shaped: chosen });
  return { source: { kind: 'graph', model, file: path }, known: graphEmbedding(model.shaped, path) };
}

/** What an embedder has to know of its network. */
interface EmbeddingDescription {
  readonly output: string;
  readonly size: number;
  readonly height: number;
  readonly width: number;
  /** For failures. */
  readonly file?: string | undefined;
}

/** The session of a graph as an embedder. Fails with `not-an-embedding`, naming the file if one is given. */
export function graphEmbedder(session: InferenceSession, shaped: ShapedGraph, file?: string): Embedder {
  return new SessionEmbedder(session, graphEmbedding(shaped, file));
}

function graphEmbedding(shaped: ShapedGraph, file: string | undefined): EmbeddingDescription {
  const { height, width, channels } = shaped.graph.input;
  if (channels !== 3) fail(failures.notInColour({ channels }, file === undefined ? undefined : { file }));
  const { layer, size } = embeddingOutput(shaped, file);
  return { output: layer, size, height, width, file };
}

/** Found by a run on a black image: what files declare of their outputs is often wrong, or left open. */
async function probeEmbedding(
  session: InferenceSession,
  { file, output: named, input }: Pick<EmbedderOptions, 'output' | 'input'> & { readonly file: string },
): Promise<EmbeddingDescription> {
  const refuse = (problem: string): never => fail(failures.foreignNetworkDoesNotEmbed({ problem }, { file }));
  const names = session.outputs.map(({ name }) => name);
  const [only, ...others] = names.filter((name) => named === undefined || name === named);
  if (only === undefined) {
    return refuse(named === undefined ? 'it has no output' : `it has no output "${named}", but ${names.join(', ')}`);
  }
  if (others.length > 0) return fail(failures.severalOutputs({ names }, { file }));
  const [, ownHeight, ownWidth, channels] = session.input.shape;
  for (const [side, stated] of [['height', ownHeight] as const, ['width', ownWidth] as const]) {
    const asked = input?.[side];
    if (stated !== undefined && asked !== undefined && asked !== stated) {
      fail(failures.sizeIsFixed({ side, stated, asked }, { file }));
    }
  }
  const height = ownHeight ?? input?.height ?? usualSide;
  const width = ownWidth ?? input?.width ?? usualSide;
  const black = new Uint8Array(height * width * channels);
  const values = (await session.run({ data: black, shape: [1, height, width, channels] }, [only])).get(only);
  const [rows, , ...rest] = values?.shape ?? [];
  if (values === undefined || rows !== 1 || rest.some((length) => length !== 1)) {
    return refuse(`output "${only}" should have one row per image, found shape [${values?.shape.join(', ') ?? ''}]`);
  }
  return { output: only, size: values.data.length, height, width, file };
}

/** One output of a session, a row for each image. */
class SessionEmbedder implements Embedder {
  readonly height: number;
  readonly width: number;
  readonly embeddingSize: number;
  readonly computesWith: string;
  readonly #session: InferenceSession;
  readonly #description: EmbeddingDescription;

  constructor(session: InferenceSession, description: EmbeddingDescription) {
    this.height = description.height;
    this.width = description.width;
    this.embeddingSize = description.size;
    this.computesWith = session.computesWith;
    this.#session = session;
    this.#description = description;
  }

  async embed(pixels: Uint8Array, count: number): Promise<Float32Array> {
    const { output, size, height, width, file } = this.#description;
    const images = { data: pixels, shape: [count, height, width, 3] } as const;
    const values = (await this.#session.run(images, [output])).get(output);
    if (values?.data.length === count * size) return values.data;
    const found = `shape [${values?.shape.join(', ') ?? ''}]`;
    const problem = `output "${output}" should hold ${size} values for each of ${count} images, found ${found}`;
    return fail(failures.foreignNetworkDoesNotEmbed({ problem }, file === undefined ? undefined : { file }));
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}
