import { fail } from '../../../../core/failure.ts';
import { failures } from '../../failures.ts';
import type { OnnxGraph, OnnxNode, OnnxTensor } from '../../../codec/onnx/onnx-messages.ts';
import { type OnnxModel, onnxModel } from '../../../codec/onnx/onnx-model.ts';
import { decodeFile } from '../../../codec/read-file.ts';
import { areOfNormalized, changesValues } from '../../exchange/input-normalization.ts';
import { elementCount } from '../../graph/feature-shape.ts';
import type { InputNormalization } from '../../exchange/model-format.ts';
import { constantOf, withValues } from '../../exchange/onnx/constant.ts';
import { producerName } from '../../exchange/onnx/write-onnx.ts';

/** Operators that only move pixels to another place or type, or store them in fewer bits. */
const movers =
  /^(Identity|Cast|CastLike|Transpose|Reshape|Flatten|Squeeze|Unsqueeze|Slice|Split|Concat|Gather|Pad|Dropout|Resize|Upsample|(Quantize|Dequantize|DynamicQuantize)Linear)$/;
/** Only what begins with one of these is known to normalise; whatever else comes first may expect anything. */
const normalizers = /^(Sub|Add|Mul|Div|BatchNormalization|(Instance|Layer|MeanVariance)Normalization)$/;
/** Operators that take the sizes of the images, not their values. */
const measuring = /^(Shape|Size)$/;

/** Numbers of onnx.proto's TensorProto.DataType: float32, float16, float64. */
const float16 = 10;
const floats: readonly (number | undefined)[] = [1, float16, 11];

/**
 * Refuses what onnxruntime would run silently, with meaningless results. Fails with `normalization-unknown` if neither the
 * file nor the caller tells how to normalise the pixels, `normalization-not-taken` if they would be normalised twice, and
 * `parameter-not-finite`.
 */
export function checkForeign(file: string, normalization: InputNormalization | undefined): void {
  const model: OnnxModel = decodeFile(onnxModel, file);
  checkInitializers(model.graph, file);
  const first = firstOnPixels(model.graph);
  if (first === undefined) return;
  const { opType = '' } = first;
  if (normalization === undefined) {
    const isNormalizing = normalizers.test(opType) && !mayTakeNormalized(first, model.graph, file);
    if (model.producerName !== producerName && !isNormalizing) {
      fail(failures.normalizationUnknown({ layer: nameOf(first) }, { file }));
    }
  } else if (changesValues(normalization) && normalizers.test(opType) && !mayTakeNormalized(first, model.graph, file)) {
    fail(failures.normalizedTwice({ layer: nameOf(first), kind: opType }, { file }));
  }
}

/**
 * Whether a batch normalisation was trained on values that were normalised before: the network normalises its own layers
 * then, and not the pixels.
 */
function mayTakeNormalized({ opType, inputs }: OnnxNode, { initializers }: OnnxGraph, file: string): boolean {
  if (opType !== 'BatchNormalization') return false;
  const [mean, variance] = [inputs[3], inputs[4]].map((name) => {
    const tensor = initializers.find((each) => each.name === name);
    return tensor === undefined ? undefined : constantOf(tensor, file).values;
  });
  return mean !== undefined && variance !== undefined && areOfNormalized(mean, variance);
}

/** The first node that computes with the pixels. */
function firstOnPixels({ nodes, inputs, initializers }: OnnxGraph): OnnxNode | undefined {
  const weights = new Set(initializers.map(({ name }) => name));
  const pixels = new Set(inputs.map(({ name = '' }) => name).filter((name) => !weights.has(name)));
  for (const node of nodes) {
    const { opType = '' } = node;
    if (measuring.test(opType) || !node.inputs.some((input) => pixels.has(input))) continue;
    if (!movers.test(opType)) return node;
    for (const output of node.outputs) pixels.add(output);
  }
  return undefined;
}

function nameOf({ name, outputs }: OnnxNode): string {
  return name === undefined || name === '' ? (outputs[0] ?? '') : name;
}

/** A single infinity is a bound (of Clip, of Pad), not a weight. */
function checkInitializers({ initializers, nodes }: OnnxGraph, file: string): void {
  for (const tensor of initializers) {
    const index = nonFiniteIndex(tensor, file);
    if (index === undefined) continue;
    const { name = '' } = tensor;
    const user = nodes.find(({ inputs }) => inputs.includes(name));
    const use = user === undefined ? 'which no node uses' : `an input of node "${nameOf(user)}" (${user.opType ?? ''})`;
    fail(failures.initializerNotFinite({ index, initializer: name, use }, { file }));
  }
}

function nonFiniteIndex(stored: OnnxTensor, file: string): number | undefined {
  if (!floats.includes(stored.dataType)) return undefined;
  const tensor = withValues(stored, file);
  const halves = halvesOf(tensor);
  if (halves !== undefined) {
    // The bits of a half: all of the exponent are set in infinities and NaN, and of NaN some of the rest.
    const isOdd = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (halves.length > 1 || (bits & 0x03ff) !== 0);
    const index = halves.findIndex(isOdd);
    return index < 0 ? undefined : index;
  }
  const { values } = constantOf(tensor, file);
  const isNotFinite = values.length === 1 ? Number.isNaN : (value: number) => !Number.isFinite(value);
  for (let index = 0; index < values.length; index += 1) if (isNotFinite(values[index] ?? 0)) return index;
  return undefined;
}

/** The bits of float16 values, without making a number of each: 128 MB take 13 s otherwise. */
function halvesOf({ dataType, rawData, dims }: OnnxTensor): Uint16Array | undefined {
  if (dataType !== float16 || rawData?.length !== 2 * elementCount(dims)) return undefined;
  const bytes = rawData.byteOffset % 2 === 0 ? rawData : new Uint8Array(rawData);
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}
