import { fail } from '../../base/failure.ts';
import { Random } from '../../base/random.ts';
import type { EngineHandle } from '../engines/engine-handle.ts';
import { outputValues } from '../engines/output-values.ts';
import type { ParameterizedGraph } from '../fold-batch-normalization.ts';
import { slimModel } from '../slim-model.ts';
import { checkTarget } from './check-target.ts';
import type { ModelFormat, ModelReadOptions, ModelWriteOptions } from './model-format.ts';

export interface ModelConversion {
  readonly from: { readonly format: ModelFormat; readonly path: string; readonly options: ModelReadOptions };
  readonly to: { readonly format: ModelFormat; readonly path: string; readonly options: ModelWriteOptions };
  /** Drop what only training needs. */
  readonly slim: boolean;
  /** The greatest relative difference that is accepted. */
  readonly limit: number;
  readonly seed: number;
}

export interface ConvertedModel {
  readonly layers: number;
  /** Numbers in all parameters. */
  readonly parameterCount: number;
  readonly outputs: readonly OutputDifference[];
}

export interface OutputDifference extends Difference {
  readonly layer: string;
  /** Of one picture: [512]. */
  readonly shape: readonly number[];
}

export interface Difference {
  /** Of the network that was read, without its sign; at 0 a comparison shows nothing. */
  readonly greatestValue: number;
  /** Between the network that was read and what was written, on random pictures. */
  readonly greatestDifference: number;
  /** That, as a share of the greatest value. */
  readonly relativeDifference: number;
}

/** Two, so that a mistake with the batch shows. */
const pictureCount = 2;

/**
 * Reads a model, writes it in another format, reads that again, and compares what both give for random pictures, 0..255.
 * Fails with the codes of the formats, with `format-not-written`, `bad-target`, and `conversion-differs`; what has been written
 * stays, to be looked at.
 */
export function convertModel(conversion: ModelConversion, engine: EngineHandle): ConvertedModel {
  const { from, to, slim, limit, seed } = conversion;
  if (to.format.write === undefined) {
    const message = `Models are read from the format "${to.format.name}", but not written to it.`;
    fail({ code: 'format-not-written', message });
  }
  checkTarget(conversion);
  const read = from.format.read(from.path, from.options);
  const model = slim ? { ...read, ...slimModel(read, from.path) } : read;
  const { graph, parameters, shapes } = model.inferred;
  const pictures = randomPictures(model, seed);
  const wanted = outputValues(engine, model, pictures);
  to.format.write(to.path, model, to.options);
  const again = to.format.read(to.path, readBackOptions(conversion, model));
  const found = outputValues(engine, again, pictures);
  const outputs = graph.outputs.map((layer, index): OutputDifference => {
    return { layer, shape: shapes.get(layer) ?? [], ...difference(found[index], wanted[index]) };
  });
  for (const output of outputs) checkDifference(output, limit, to.path);
  const parameterCount = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return { layers: graph.layers.length, parameterCount, outputs };
}

function readBackOptions({ to }: ModelConversion, { inferred }: ParameterizedGraph): ModelReadOptions {
  const { epoch } = to.options;
  return { input: inferred.graph.input, ...(epoch === undefined ? {} : { epoch }) };
}

function randomPictures({ inferred }: ParameterizedGraph, seed: number): Float32Array {
  const { channels, height, width } = inferred.graph.input;
  const random = Random.derive(seed, 'pictures to compare with');
  return Float32Array.from({ length: pictureCount * channels * height * width }, () => random.integer(256));
}

/** How far two outputs are apart, for people. */
export function differenceText({ greatestValue, greatestDifference, relativeDifference }: Difference): string {
  const share = `${relativeDifference.toExponential(1)} of the greatest value`;
  const text = `largest difference ${greatestDifference.toExponential(1)}, ${share}`;
  return greatestValue === 0 ? `${text}; all values are 0, which shows nothing` : text;
}

function difference(found: Float32Array | undefined, wanted: Float32Array | undefined): Difference {
  if (found === undefined || found.length !== wanted?.length) {
    return { greatestValue: NaN, greatestDifference: Infinity, relativeDifference: Infinity };
  }
  let greatest = 0;
  let scale = 0;
  for (const [index, value] of wanted.entries()) {
    const apart = Math.abs(value - (found[index] ?? NaN));
    greatest = Number.isNaN(apart) ? Infinity : Math.max(greatest, apart);
    scale = Math.max(scale, Math.abs(value));
  }
  return {
    greatestValue: scale,
    greatestDifference: greatest,
    relativeDifference: scale === 0 ? greatest : greatest / scale,
  };
}

function checkDifference({ layer, relativeDifference }: OutputDifference, limit: number, file: string): void {
  if (relativeDifference <= limit) return;
  fail({
    code: 'conversion-differs',
    message: `What was written gives other values for layer "${layer}": they differ by ${relativeDifference.toExponential(2)} of the greatest value, more than ${limit}.`,
    at: { file },
  });
}
