import { fail } from '../../../../core/failure.ts';
import { failures } from '../../failures.ts';
import type { OnnxGraph, OnnxNode, OnnxTensor } from '../../../codec/onnx/onnx-messages.ts';
import { type OnnxModel, onnxModel } from '../../../codec/onnx/onnx-model.ts';
import { decodeFile } from '../../../codec/read-file.ts';
import { changesValues } from '../../exchange/input-normalization.ts';
import type { InputNormalization } from '../../exchange/model-format.ts';
import { constantOf } from '../../exchange/onnx/constant.ts';
import { producerName } from '../../exchange/onnx/write-onnx.ts';

/** Operators that only move pixels to another place or type. */
const movers = /^(Identity|Cast|Transpose|Reshape|Flatten|Squeeze|Unsqueeze|Slice|Split|Concat|Gather|Pad|Dropout)$/;
const weighted = /^(Conv|ConvInteger|QLinearConv|Gemm|MatMul|MatMulInteger|QLinearMatMul)$/;
const normalizers = /^(Sub|Add|Mul|Div|BatchNormalization)$/;
/** Operators that take the sizes of the images, not their values. */
const measuring = /^(Shape|Size)$/;

/** Numbers of onnx.proto's TensorProto.DataType: float32, float16, float64. */
const floats: readonly (number | undefined)[] = [1, 10, 11];

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
    if (model.producerName !== producerName && weighted.test(opType)) {
      fail(failures.normalizationUnknown({ layer: nameOf(first) }, { file }));
    }
  } else if (changesValues(normalization) && normalizers.test(opType)) {
    fail(failures.normalizedTwice({ layer: nameOf(first), kind: opType }, { file }));
  }
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

function nonFiniteIndex(tensor: OnnxTensor, file: string): number | undefined {
  // Values in another file are read by onnxruntime alone.
  if (tensor.dataLocation === 1 || !floats.includes(tensor.dataType)) return undefined;
  const { values } = constantOf(tensor, file);
  const isNotFinite = values.length === 1 ? Number.isNaN : (value: number) => !Number.isFinite(value);
  for (let index = 0; index < values.length; index += 1) if (isNotFinite(values[index] ?? 0)) return index;
  return undefined;
}
