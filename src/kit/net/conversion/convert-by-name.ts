import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { loadBackend } from '../backends/load-backend.ts';
import { modelFormatNamed } from '../exchange/choose-format.ts';
import type { ModelReadOptions, ModelWriteOptions } from '../exchange/model-format.ts';
import { onnxruntimeOnCpu } from '../sessions/onnxruntime/load-onnxruntime.ts';
import { differenceText, type OutputDifference } from './compare-outputs.ts';
import { convertModel, type ConvertedModel, type ModelConversion } from './convert-model.ts';

/** A conversion as `flow convert` and the stage `convert` ask for it: plain data, which can be sent to another process. */
export interface ConversionRequest extends Pick<ModelConversion, 'slim' | 'limit' | 'seed'> {
  /** The formats by name. */
  readonly from: { readonly format: string; readonly path: string; readonly options: ModelReadOptions };
  readonly to: { readonly format: string; readonly path: string; readonly options: ModelWriteOptions };
  /** Compares what was read with what was written. */
  readonly engine: EngineIdentity;
  readonly threads: number;
}

/** Does a conversion and compares both models, with the engine named and, of ONNX files, with onnxruntime on the CPU. Fails as `convertModel` does. */
export function convertByName({ from, to, engine, threads, ...rest }: ConversionRequest): Promise<ConvertedModel> {
  return convertModel(
    {
      ...rest,
      from: { ...from, format: modelFormatNamed(from.format) },
      to: { ...to, format: modelFormatNamed(to.format) },
    },
    { layers: () => loadBackend(engine, { threads }), onnxruntime: onnxruntimeOnCpu(threads) },
  );
}

/** What was found out in converting, for people: notes, and a line for each output and each program that computed it. */
export function conversionLines(
  { notes, outputs, onnxruntime, source }: ConvertedModel,
  engine: EngineIdentity,
): string[] {
  const readAgain = `read again, on ${engine.name} ${engine.version}`;
  return [
    ...notes,
    ...outputs.map((output) => differenceLine(output, readAgain)),
    ...onnxruntimeLines(onnxruntime),
    ...sourceLines(source),
  ];
}

function onnxruntimeLines(comparison: ConvertedModel['onnxruntime']): string[] {
  if (comparison === undefined) return [];
  if (!comparison.ran) return [`not run in onnxruntime: ${comparison.reason}; npm install onnxruntime-node brings it`];
  return comparison.outputs.map((output) => differenceLine(output, `as onnxruntime ${comparison.version} runs it`));
}

function sourceLines(comparison: ConvertedModel['source']): string[] {
  if (comparison === undefined) return [];
  if (!comparison.ran) return [`what was read was not compared with the file in onnxruntime: ${comparison.reason}`];
  const how = `as read, against the file in onnxruntime ${comparison.version}`;
  return comparison.outputs.map((output) => differenceLine(output, how));
}

function differenceLine(output: OutputDifference, how: string): string {
  return `${output.layer} [${output.shape.join(', ')}] ${how}: ${differenceText(output)}`;
}
