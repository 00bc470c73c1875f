import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { fail, type FailureMaker } from '../../../core/failure.ts';
import { loadBackend } from '../backends/load-backend.ts';
import { canLeaveSizeOpen, onnxBytes } from '../exchange/onnx/write-onnx.ts';
import { changesValues } from '../exchange/input-normalization.ts';
import type { ParameterizedGraph } from '../model/model.ts';
import type { InputNormalization } from '../exchange/model-format.ts';
import { failures } from '../failures.ts';
import { decomposePrelu } from '../passes/decompose-prelu.ts';
import { graphSession } from './graph-session.ts';
import { GraphShapes, takesAnySize } from './graph-shapes.ts';
import type { InferenceSession } from './inference-session.ts';
import { checkForeign } from './onnxruntime/check-foreign.ts';
import { readImageInput } from './onnxruntime/image-input.ts';
import { loadOnnxruntime, type Onnxruntime } from './onnxruntime/load-onnxruntime.ts';
import { withOpenAxes } from './onnxruntime/open-axes.ts';
import { createRuntimeSession, OnnxSession } from './onnxruntime/onnx-session.ts';

/** A network to run: a graph of ours, or an ONNX file that another program wrote and onnxruntime runs as it is. */
export type NetworkSource =
  | { readonly kind: 'graph'; readonly model: ParameterizedGraph; readonly file: string }
  | {
      readonly kind: 'onnx-file';
      readonly file: string;
      readonly normalization?: InputNormalization | undefined;
      /** Images of any number and size, whatever the file says of its input: for networks that can. Default false. */
      readonly opensAxes?: boolean;
    };

export interface GraphOnOnnxruntime {
  /** `floats`, the default, or bytes 0..255, of which a quarter is moved. */
  readonly input?: 'floats' | 'bytes';
  /** Only images of the graph's own size, which onnxruntime may make use of. */
  readonly ownSizeOnly?: boolean;
}

export interface SessionOptions extends GraphOnOnnxruntime {
  readonly engine: EngineIdentity;
  readonly threads: number;
  /** Images that onnxruntime computes at a time on the CPU, however many there are. */
  readonly maxBatchOnCpu?: number;
  /** The failure of an ONNX file that does not take images; `not-an-image-network` by default. */
  readonly notTaken?: FailureMaker<{ problem: string }>;
}

/**
 * Loads the engine and puts a network on it. Fails with `engine-changed`, `engine-cannot-load`, `onnx-not-loaded`, and for
 * an ONNX file with `not-an-image-network`, `normalization-not-taken`, `normalization-unknown`, `parameter-not-finite`.
 */
export async function openSession(source: NetworkSource, options: SessionOptions): Promise<InferenceSession> {
  const { engine, threads } = options;
  if (engine.name === 'onnxruntime') {
    const runtime = loadOnnxruntime(engine, { threads });
    return source.kind === 'graph' ? graphOnOnnxruntime(runtime, source, options) : openFile(runtime, source, options);
  }
  if (source.kind === 'onnx-file') throw new Error(`${engine.name} runs graphs only`);
  return graphSession(await loadBackend(engine, { threads }), source.model, source.file);
}

type Limits = Pick<SessionOptions, 'maxBatchOnCpu' | 'notTaken'>;

/**
 * A graph in onnxruntime, by way of its ONNX form in memory. Pixels go in one after the other; turning them into planes is
 * part of the network, where onnxruntime does it with all its threads.
 */
export async function graphOnOnnxruntime(
  runtime: Onnxruntime,
  { model, file }: Extract<NetworkSource, { kind: 'graph' }>,
  { input = 'floats', ownSizeOnly = false, maxBatchOnCpu }: GraphOnOnnxruntime & Limits = {},
): Promise<OnnxSession> {
  const { shaped } = model;
  const { height, width, channels } = shaped.graph.input;
  const anySize = !ownSizeOnly && canLeaveSizeOpen(shaped.graph) && takesAnySize(shaped);
  const isOnCpu = runtime.provider === 'CPUExecutionProvider';
  const written = onnxBytes(isOnCpu ? decomposePrelu(model) : model, { input, anySize });
  const session = await createRuntimeSession(runtime, written, file);
  const [name = ''] = session.inputNames;
  const type = input === 'bytes' ? 'uint8' : 'float32';
  const shapes = new GraphShapes(shaped, { name, type, anySize, file });
  const size = anySize ? { height: undefined, width: undefined } : { height, width };
  return new OnnxSession(runtime, {
    session,
    input: { name, ...size, channels, layout: 'nhwc', type, mean: 0, scale: 1, colorOrder: 'rgb' },
    outputs: shapes.outputs,
    maxBatch: isOnCpu ? maxBatchOnCpu : undefined,
    check: (images) => {
      shapes.check(images);
    },
    file,
  });
}

/** An ONNX file of another program, run as it is. Layout, size and batch of the input follow from the shape it declares. */
async function openFile(
  runtime: Onnxruntime,
  { file, normalization, opensAxes = false }: Extract<NetworkSource, { kind: 'onnx-file' }>,
  { maxBatchOnCpu, notTaken = failures.notAnImageNetwork }: Limits,
): Promise<OnnxSession> {
  const opened = opensAxes ? withOpenAxes(file) : undefined;
  const session = await createRuntimeSession(runtime, opened ?? file, file);
  const read = readImageInput(session, normalization);
  if (read.outcome === 'refused') return fail(notTaken({ problem: read.problem }, { file }));
  const { input, fixedBatch } = read;
  if (input.type === 'uint8' && changesValues(input)) fail(failures.normalizedBytes({ input: input.name }, { file }));
  checkForeign(file, normalization);
  return new OnnxSession(runtime, {
    session,
    input,
    outputs: session.outputMetadata.map((output) => ({
      name: output.name,
      shape: output.isTensor ? output.shape.map((length) => (typeof length === 'number' ? length : undefined)) : [],
    })),
    fixedBatch,
    maxBatch: runtime.provider === 'CPUExecutionProvider' ? maxBatchOnCpu : undefined,
    file,
  });
}
