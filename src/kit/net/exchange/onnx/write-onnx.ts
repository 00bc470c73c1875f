import { type OnnxModel, onnxModel } from '../../../codec/onnx/onnx-model.ts';
import type { OnnxValueInfo } from '../../../codec/onnx/onnx-messages.ts';
import { foldBatchNormalization, type ParameterizedGraph } from '../../passes/fold-batch-normalization.ts';
import { inputName, type LayerNodeOf } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
import { GraphWriter } from './graph-writer.ts';
import { layerWriters } from './layer-writers.ts';

export interface OnnxWriteOptions {
  /** Merge each batch normalisation into the convolution or fully connected layer before it: quicker to run. */
  readonly foldBatchNormalization?: boolean;
  /**
   * What the network takes. `planes`, the default: `data`, float32, NCHW. `bytes`: `pixels`, uint8, NHWC, as decoders
   * give them; the conversion is part of the graph, where onnxruntime does it with all its threads.
   */
  readonly input?: 'planes' | 'bytes';
}

/** Name of the input that takes bytes; `data` is then what becomes of it. */
const bytesName = 'pixels';

/** TensorProto.DataType. */
const elementTypes = { float32: 1, uint8: 2 } as const;

/** By which a file says that it is ours, and normalises its images itself. */
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
  return onnxModel.encode(onnxModelOf(folded, options.input ?? 'planes'));
}

function onnxModelOf(
  { inferred, parameters }: ParameterizedGraph,
  input: Required<OnnxWriteOptions>['input'],
): OnnxModel {
  const { graph, shapes } = inferred;
  const writer = new GraphWriter();
  if (input === 'bytes') writeBytesToPlanes(writer);
  for (const node of graph.layers) {
    writeLayer(writer, node as LayerNodeOf<LayerKind>, { inferred, parameters });
  }
  const value = (name: string): OnnxValueInfo => valueInfo(name, shapes.get(name) ?? []);
  const { height, width, channels } = graph.input;
  const bytes = valueInfo(bytesName, [height, width, channels], elementTypes.uint8);
  return {
    irVersion,
    producerName,
    graph: {
      nodes: writer.nodes,
      name: 'network',
      initializers: writer.initializers,
      inputs: [input === 'bytes' ? bytes : value(inputName)],
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
  { inferred, parameters }: ParameterizedGraph,
): void {
  const shapeOf = (name: string): FeatureShape => inferred.shapes.get(name) ?? [];
  layerWriters[node.kind]({
    node,
    writer,
    shapes: node.inputs.map(shapeOf),
    outputShape: shapeOf(node.name),
    parameter(suffix) {
      const array = parameters.get(node.parameterNames?.[suffix] ?? `${node.name}_${suffix}`);
      if (array === undefined) throw new Error(`layer "${node.name}" has no parameter "${suffix}"`);
      return array;
    },
  });
}

/** Moved while they are bytes, a quarter of what floats are. */
function writeBytesToPlanes(writer: GraphWriter): void {
  const planes = writer.node('Transpose', `${bytesName}_planes`, [bytesName], { perm: [0, 3, 1, 2] });
  writer.node('Cast', inputName, [planes], { to: elementTypes.float32 });
}

function valueInfo(name: string, shape: FeatureShape, elementType: number = elementTypes.float32): OnnxValueInfo {
  const dimensions = [{ parameter: 'N' }, ...shape.map((size) => ({ value: size }))];
  return { name, type: { tensorType: { elementType, shape: { dimensions } } } };
}
