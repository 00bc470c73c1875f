import { throwIfAny } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import type { Backend } from '../backends/backend.ts';
import type { OnnxruntimeOnCpu } from '../sessions/onnxruntime/load-onnxruntime.ts';
import { onnxOutputValues, outputValues, sourceOutputValues } from '../sessions/output-values.ts';
import type { ParameterizedGraph, Model } from '../model/model.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import { elementCount } from '../graph/feature-shape.ts';
import { slimModel } from '../passes/slim-model.ts';
import { requireWritten } from '../exchange/choose-format.ts';
import { checkTarget } from '../exchange/model-files.ts';
import { compareOutputs, type OutputDifference } from './compare-outputs.ts';
import type { ModelFormat, ModelWriteOptions } from '../exchange/model-format.ts';
import { type ModelSource, readModelAs, readOptionFailures, writeOptionFailures } from '../exchange/read-model-as.ts';

export interface ModelConversion {
  readonly from: ModelSource;
  readonly to: { readonly format: ModelFormat; readonly path: string; readonly options: ModelWriteOptions };
  /** Drop what only training needs. */
  readonly slim: boolean;
  /** Maximum of the relative difference that is accepted. */
  readonly limit: number;
  readonly seed: number;
}

/** What computes the outputs that are compared; loaded once it is known that there is something to compare. */
export interface ComparisonEngines {
  /** Runs the network that was read and the one that was written, as our own reader understands it. */
  readonly layers: () => Promise<Backend>;
  /** Runs a written ONNX file as it is, as an independent implementation; or why it cannot. */
  readonly onnxruntime: OnnxruntimeOnCpu;
}

export interface ConvertedModel {
  readonly layers: number;
  /** Numbers in all parameters. */
  readonly parameterCount: number;
  /** What had to be assumed in reading, for people. */
  readonly notes: readonly string[];
  /** By our own reader, computed as the network that was read. */
  readonly outputs: readonly OutputDifference[];
  /** For ONNX files: how far the outputs in onnxruntime are away, or why it was not run. */
  readonly onnxruntime?: OnnxruntimeComparison;
  /** If an ONNX file was read: how far what was read of it is from what onnxruntime computes of the file as it is. */
  readonly source?: OnnxruntimeComparison;
}

export type OnnxruntimeComparison =
  | { readonly ran: true; readonly version: string; readonly outputs: readonly OutputDifference[] }
  | { readonly ran: false; readonly reason: string };

/** Two, so that a mistake with the batch shows. */
const imageCount = 2;

/**
 * Reads a model, writes it in another format, reads that again, and compares the outputs of both for random images, 0..255;
 * an ONNX file is also run by onnxruntime. Fails with the codes of the formats, with `option-not-taken`,
 * `format-not-written`, `bad-target`, and those of `compareOutputs`; what has been written stays, to be looked at.
 */
export async function convertModel(conversion: ModelConversion, engines: ComparisonEngines): Promise<ConvertedModel> {
  const { to, limit } = conversion;
  let loaded: Promise<Backend> | undefined;
  const layers = (): Promise<Backend> => (loaded ??= engines.layers());
  const { model, images, expected } = await writeModel(conversion, layers);
  const { shaped, notes } = model;
  const source = await compareSource(conversion, engines, { shaped, images, expected });
  const comparison = { shaped, expected, file: to.path, limit };
  const found = await readBack(conversion, shaped, { engine: await layers(), images });
  const outputs = compareOutputs({ ...comparison, found, how: 'read again' });
  const parameterCount = shaped.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const converted = { layers: shaped.graph.layers.length, parameterCount, notes: notes ?? [], outputs, ...source };
  if (to.format.name !== 'onnx') return converted;
  if (!engines.onnxruntime.available) {
    return { ...converted, onnxruntime: { ran: false, reason: engines.onnxruntime.reason } };
  }
  const onnxruntime = engines.onnxruntime.load();
  const { version } = onnxruntime.identity;
  const ran = await onnxOutputValues(onnxruntime, { file: to.path, shaped, images });
  const compared = compareOutputs({ ...comparison, found: ran, how: `in onnxruntime ${version}` });
  return { ...converted, onnxruntime: { ran: true, version, outputs: compared } };
}

/** Rounding alone: of files that hold or compute float16, up to a thousandth. What was misread differs by some hundredths. */
const sourceLimit = 5e-3;

/**
 * Runs the file that was read, if it is ONNX, by onnxruntime: whatever our reader has understood wrongly, both of our
 * models have. Fails with `reading-differs`.
 */
async function compareSource(
  { from, limit }: ModelConversion,
  { onnxruntime }: ComparisonEngines,
  read: { readonly shaped: ShapedGraph; readonly images: Float32Array; readonly expected: readonly Float32Array[] },
): Promise<Pick<ConvertedModel, 'source'>> {
  if (from.format.name !== 'onnx') return {};
  if (!onnxruntime.available) return { source: { ran: false, reason: onnxruntime.reason } };
  const runtime = onnxruntime.load();
  const [file = from.path] = from.format.filesAt(from.path);
  const { outputs, normalization } = from.options;
  const values = await sourceOutputValues(runtime, { ...read, file, outputs, normalization });
  if (typeof values === 'string') return { source: { ran: false, reason: values } };
  const { version } = runtime.identity;
  const how = `by onnxruntime ${version}`;
  const comparison = { shaped: read.shaped, expected: values, found: read.expected, file, how };
  const compared = compareOutputs({ ...comparison, limit: Math.max(limit, sourceLimit), isSource: true });
  return { source: { ran: true, version, outputs: compared } };
}

interface WrittenModel {
  /** Without its parameters: several copies of large ones need not be in memory at a time. */
  readonly model: Pick<Model, 'shaped' | 'notes'>;
  readonly images: Float32Array;
  readonly expected: readonly Float32Array[];
}

async function writeModel(conversion: ModelConversion, layers: ComparisonEngines['layers']): Promise<WrittenModel> {
  const { to, seed } = conversion;
  const model = readSource(conversion);
  const { shaped, notes } = model;
  const images = randomImages(model, seed);
  const expected = await outputValues(await layers(), model, images);
  to.format.write?.(to.path, model, to.options);
  return { model: { shaped, ...(notes === undefined ? {} : { notes }) }, images, expected };
}

function readBack(
  { to }: ModelConversion,
  { graph }: ShapedGraph,
  { engine, images }: { readonly engine: Backend; readonly images: Float32Array },
): Promise<readonly Float32Array[]> {
  const { epoch } = to.options;
  const takesInput = to.format.takes.read.includes('input');
  const options = { ...(takesInput ? { input: graph.input } : {}), ...(epoch === undefined ? {} : { epoch }) };
  return outputValues(engine, to.format.read(to.path, options), images);
}

/** Before anything is computed: whether it can be read and written at all. */
function readSource(conversion: ModelConversion): Model {
  const { from, to, slim } = conversion;
  requireWritten(to.format);
  throwIfAny([
    ...readOptionFailures(from.format, from.options, from.path),
    ...writeOptionFailures(to.format, to.options, to.path),
  ]);
  checkTarget(conversion);
  const read = readModelAs(from);
  return slim ? { ...read, ...slimModel(read, from.path) } : read;
}

function randomImages({ shaped }: ParameterizedGraph, seed: number): Float32Array {
  const { channels, height, width } = shaped.graph.input;
  const random = Random.derive(seed, 'images to compare with');
  return Float32Array.from({ length: imageCount * channels * height * width }, () => random.integer(256));
}
