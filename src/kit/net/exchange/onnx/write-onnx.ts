import { fail } from '../../../../core/failure.ts';
import { type OnnxModel, onnxModel } from '../../../codec/onnx/onnx-model.ts';
import type { OnnxValueInfo } from '../../../codec/onnx/onnx-messages.ts';
import { foldBatchNormalization } from '../../passes/fold-batch-normalization.ts';
import type { ParameterizedGraph } from '../../model/model.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { type Graph, inputName, layerNode, type LayerNodeOf, parameterName } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import { notExpressible, written } from '../not-in.ts';
import { elementTypes, GraphWriter } from './graph-writer.ts';
import { farPad, layerWriters } from './layer-writers.ts';

export interface OnnxWriteOptions {
  /** Merge each batch normalisation into the convolution or fully connected layer before it: quicker to run. */
  readonly foldBatchNormalization?: boolean;
  /**
   * What the network takes. `planes`, the default: `data`, float32, NCHW. `bytes` and `floats`: `pixels`, uint8 or float32,
   * NHWC, as decoders write them; the conversion is part of the graph, where onnxruntime does it with all its threads.
   */
  readonly input?: 'planes' | 'bytes' | 'floats';
  /** Leave height and width open; only for graphs that {@link canLeaveSizeOpen}. */
  readonly anySize?: boolean;
}

/** Name of the input that takes pixels one after the other; `data` is then what becomes of it. */
const pixelsName = 'pixels';

/** The mark of our files, which normalise their images themselves. */
export const producerName = 'faceflow';

const opset = 17;
/** The version of the format that came with that opset. */
const irVersion = 8;

/**
 * The network as an ONNX file in memory: input `data` [N, channels, height, width], float32, RGB 0..255, any batch; one
 * output for each of the graph's, by the layer's name.
 */
export function onnxBytes(model: ParameterizedGraph, options: OnnxWriteOptions = {}): Uint8Array {
  const folded = options.foldBatchNormalization === true ? foldBatchNormalization(model) : model;
  return onnxModel.encode(onnxModelOf(folded, options));
}

/**
 * Whether the file can leave height and width open: where windows are cut at the border, the factors of a mean, and the
 * padding of a maximum whose stride is larger than its window, depend on the size.
 */
export function canLeaveSizeOpen({ layers }: Graph): boolean {
  return layers.every((node) => {
    if (node.kind !== 'pooling') return true;
    const { global, convention, function: pooled, kernel, stride, pad } = node.attributes;
    if (global || convention === 'valid') return true;
    return pooled === 'max' && [0, 1].every((axis) => farPad(pad, stride, axis) < (kernel[axis] ?? 0));
  });
}

function onnxModelOf(model: ParameterizedGraph, options: OnnxWriteOptions): OnnxModel {
  const { input = 'planes', anySize = false } = options;
  const { graph, shapes } = model.shaped;
  const writer = new GraphWriter();
  if (input !== 'planes') writePixelsToPlanes(writer, input);
  for (const node of graph.layers) writeLayer(writer, node, { model, anySize });
  const value = (name: string): OnnxValueInfo => {
    const [channels = 0, ...size] = shapes.get(name) ?? [];
    return valueInfo(name, [channels, ...(anySize ? size.map((_, axis) => `${name}_${axis}`) : size)]);
  };
  const { height, width, channels } = graph.input;
  const size = anySize ? ['height', 'width'] : [height, width];
  const pixels = valueInfo(pixelsName, [...size, channels], input === 'bytes' ? elementTypes.uint8 : undefined);
  return {
    irVersion,
    producerName,
    graph: {
      nodes: writer.nodes,
      name: 'network',
      initializers: writer.initializers,
      inputs: [input === 'planes' ? value(inputName) : pixels],
      outputs: graph.outputs.map(value),
      valueInfo: [],
    },
    opsetImport: [{ domain: '', version: opset }],
    metadata: [],
  };
}

function writeLayer<Kind extends LayerKind>(
  writer: GraphWriter,
  node: LayerNodeOf<Kind>,
  { model, anySize }: { readonly model: ParameterizedGraph; readonly anySize: boolean },
): void {
  const { shaped, parameters } = model;
  const shapeOf = (name: string): FeatureShape => shaped.shapes.get(name) ?? [];
  const output = written(layerWriters[node.kind], {
    node,
    writer,
    shapes: node.inputs.map(shapeOf),
    outputShape: shapeOf(node.name),
    anySize,
    parameter(suffix) {
      const array = parameters.get(parameterName(node, suffix));
      if (array === undefined) throw new Error(`layer "${node.name}" has no parameter "${suffix}"`);
      return array;
    },
  });
  if (typeof output === 'object') fail(notExpressible(layerNode(node), output));
}

/** Bytes are moved before they become floats, of four times the size. */
function writePixelsToPlanes(writer: GraphWriter, input: 'bytes' | 'floats'): void {
  const move = { inputs: [pixelsName], attributes: { perm: [0, 3, 1, 2] } };
  if (input === 'floats') {
    writer.node('Transpose', { output: inputName, ...move });
    return;
  }
  const planes = writer.node('Transpose', { output: `${pixelsName}_planes`, ...move });
  writer.node('Cast', { output: inputName, inputs: [planes], attributes: { to: elementTypes.float32 } });
}

/** `shape` without the batch: sizes, or names of those that are open. */
function valueInfo(
  name: string,
  shape: readonly (number | string)[],
  elementType: number = elementTypes.float32,
): OnnxValueInfo {
  const sizes = shape.map((size) => (typeof size === 'number' ? { value: size } : { parameter: size }));
  return { name, type: { tensorType: { elementType, shape: { dimensions: [{ parameter: 'N' }, ...sizes] } } } };
}
