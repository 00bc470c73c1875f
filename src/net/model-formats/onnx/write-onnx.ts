import { type OnnxModel, onnxModel } from '../../../format/onnx-model.ts';
import type { OnnxValueInfo } from '../../../format/onnx-messages.ts';
import { foldBatchNormalization, type ParameterizedGraph } from '../../fold-batch-normalization.ts';
import { inputName, type LayerNodeOf } from '../../graph.ts';
import type { LayerKind } from '../../layers/index.ts';
import type { FeatureShape } from '../../layers/layer-definition.ts';
import { GraphWriter } from './graph-writer.ts';
import { layerWriters } from './layer-writers.ts';

export interface OnnxWriteOptions {
  /** Merge each batch normalisation into the convolution or fully connected layer before it: quicker to run. */
  readonly foldBatchNormalization?: boolean;
}

const opset = 17;
/** The version of the format that came with that opset. */
const irVersion = 8;

/**
 * The network as an ONNX file in memory: input `data` [N, channels, height, width], float32, RGB 0..255, any batch; one
 * output for each of the graph's, by the layer's name.
 */
export function onnxBytes(model: ParameterizedGraph, options: OnnxWriteOptions = {}): Uint8Array {
  return onnxModel.encode(onnxModelOf(options.foldBatchNormalization === true ? foldBatchNormalization(model) : model));
}

function onnxModelOf({ inferred, parameters }: ParameterizedGraph): OnnxModel {
  const { graph, shapes } = inferred;
  const writer = new GraphWriter();
  for (const node of graph.layers) {
    writeLayer(writer, node as LayerNodeOf<LayerKind>, { inferred, parameters });
  }
  const value = (name: string): OnnxValueInfo => valueInfo(name, shapes.get(name) ?? []);
  return {
    irVersion,
    producerName: 'faceflow',
    graph: {
      nodes: writer.nodes,
      name: 'network',
      initializers: writer.initializers,
      inputs: [value(inputName)],
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

function valueInfo(name: string, shape: FeatureShape): OnnxValueInfo {
  const dimensions = [{ parameter: 'N' }, ...shape.map((size) => ({ value: size }))];
  return { name, type: { tensorType: { elementType: 1, shape: { dimensions } } } };
}
