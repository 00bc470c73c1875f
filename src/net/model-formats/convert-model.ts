import { fail, failWith } from '../../base/failure.ts';
import { Random } from '../../base/random.ts';
import type { EngineHandle } from '../engines/engine-handle.ts';
import { type OnnxEngine } from '../engines/onnxruntime/load-onnxruntime.ts';
import { onnxOutputValues } from '../engines/onnxruntime/onnx-output-values.ts';
import { outputValues } from '../engines/output-values.ts';
import type { ParameterizedGraph } from '../fold-batch-normalization.ts';
import type { Model } from '../model-folder.ts';
import { slimModel } from '../slim-model.ts';
import { readOptionFailures, writeOptionFailures } from './check-options.ts';
import { checkTarget } from './check-target.ts';
import { compareOutputs, type OutputDifference } from './compare-outputs.ts';
import type { ModelFormat, ModelReadOptions, ModelWriteOptions } from './model-format.ts';
import { type ModelSource, readModelAs } from './read-model-as.ts';

export interface ModelConversion {
  readonly from: ModelSource;
  readonly to: { readonly format: ModelFormat; readonly path: string; readonly options: ModelWriteOptions };
  /** Drop what only training needs. */
  readonly slim: boolean;
  /** The greatest relative difference that is accepted. */
  readonly limit: number;
  readonly seed: number;
}

/** What computes the outputs that are compared; loaded once it is known that there is something to compare. */
export interface ComparisonEngines {
  /** Runs the network that was read and the one that was written, as our own reader understands it. */
  readonly layers: () => Promise<EngineHandle>;
  /** Runs a written ONNX file as it is, a reader of other hands; or why it cannot. */
  readonly onnxruntime: (() => OnnxEngine) | string;
}

export interface ConvertedModel {
  readonly layers: number;
  /** Numbers in all parameters. */
  readonly parameterCount: number;
  /** What had to be assumed in reading, for people. */
  readonly notes: readonly string[];
  /** By our own reader, computed as the network that was read. */
  readonly outputs: readonly OutputDifference[];
  /** Of ONNX files: what onnxruntime gives for them, or why it was not asked. */
  readonly onnxruntime?: OnnxruntimeComparison;
}

export type OnnxruntimeComparison =
  | { readonly ran: true; readonly version: string; readonly outputs: readonly OutputDifference[] }
  | { readonly ran: false; readonly reason: string };

/** Two, so that a mistake with the batch shows. */
const pictureCount = 2;

/**
 * Reads a model, writes it in another format, reads that again, and compares what both give for random pictures, 0..255;
 * an ONNX file is also run by onnxruntime. Fails with the codes of the formats, with `option-not-taken`,
 * `format-not-written`, `bad-target`, and those of `compareOutputs`; what has been written stays, to be looked at.
 */
export async function convertModel(conversion: ModelConversion, engines: ComparisonEngines): Promise<ConvertedModel> {
  const { to, limit, seed } = conversion;
  const model = readSource(conversion);
  const { graph, parameters } = model.inferred;
  const pictures = randomPictures(model, seed);
  const engine = await engines.layers();
  const wanted = outputValues(engine, model, pictures);
  to.format.write?.(to.path, model, to.options);
  const found = outputValues(engine, to.format.read(to.path, readBackOptions(conversion, model)), pictures);
  const comparison = { inferred: model.inferred, wanted, file: to.path, limit };
  const outputs = compareOutputs({ ...comparison, found, how: 'read again' });
  const parameterCount = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const converted = { layers: graph.layers.length, parameterCount, notes: model.notes ?? [], outputs };
  if (to.format.name !== 'onnx') return converted;
  if (typeof engines.onnxruntime === 'string') {
    return { ...converted, onnxruntime: { ran: false, reason: engines.onnxruntime } };
  }
  const onnxruntime = engines.onnxruntime();
  const { version } = onnxruntime.identity;
  const ran = await onnxOutputValues(onnxruntime, to.path, model.inferred, pictures);
  const compared = compareOutputs({ ...comparison, found: ran, how: `in onnxruntime ${version}` });
  return { ...converted, onnxruntime: { ran: true, version, outputs: compared } };
}

/** Before anything is computed: whether it can be read and written at all. */
function readSource(conversion: ModelConversion): Model {
  const { from, to, slim } = conversion;
  if (to.format.write === undefined) {
    const message = `Models are read from the format "${to.format.name}", but not written to it.`;
    fail({ code: 'format-not-written', message });
  }
  failWith([
    ...readOptionFailures(from.format, from.options, from.path),
    ...writeOptionFailures(to.format, to.options, to.path),
  ]);
  checkTarget(conversion);
  const read = readModelAs(from);
  return slim ? { ...read, ...slimModel(read, from.path) } : read;
}

function readBackOptions({ to }: ModelConversion, { inferred }: ParameterizedGraph): ModelReadOptions {
  const { epoch } = to.options;
  const takesInput = to.format.takes.read.includes('input');
  return {
    ...(takesInput ? { input: inferred.graph.input } : {}),
    ...(epoch === undefined ? {} : { epoch }),
  };
}

function randomPictures({ inferred }: ParameterizedGraph, seed: number): Float32Array {
  const { channels, height, width } = inferred.graph.input;
  const random = Random.derive(seed, 'pictures to compare with');
  return Float32Array.from({ length: pictureCount * channels * height * width }, () => random.integer(256));
}
