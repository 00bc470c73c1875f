import type { OnnxDimension, OnnxValueInfo } from '../../../codec/onnx/onnx-messages.ts';
import { onnxModel } from '../../../codec/onnx/onnx-model.ts';
import { decodeFile } from '../../../codec/read-file.ts';

/**
 * An ONNX file whose one input of images says nothing of their number and size any more, nor the outputs of theirs: exporters
 * write down those of the example they were given, which a network made of convolutions does not need. `undefined` if
 * nothing was fixed, or if there is no such input. Whether the network can compute other sizes shows when it does.
 */
export function withOpenAxes(file: string): Uint8Array | undefined {
  const model = decodeFile(onnxModel, file);
  const { graph } = model;
  const given = new Set(graph.initializers.map(({ name }) => name));
  const [input, second] = graph.inputs.filter(({ name }) => !given.has(name));
  const isElsewhere = graph.initializers.some(({ externalData }) => externalData.length > 0);
  const dimensions = input?.type?.tensorType?.shape?.dimensions;
  if (input === undefined || second !== undefined || dimensions?.length !== 4 || isElsewhere) return undefined;
  const channelAxis = dimensions[1]?.value === 3 ? 1 : 3;
  if (dimensions.every(({ value }, axis) => axis === channelAxis || value === undefined || value === 0))
    return undefined;
  const names = ['batch', 'rows', 'columns'];
  const opened = dimensions.map((dimension, axis): OnnxDimension => {
    return axis === channelAxis ? dimension : { parameter: names.shift() ?? '' };
  });
  return onnxModel.encode({
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.map((value) => (value === input ? withDimensions(value, opened) : value)),
      outputs: graph.outputs.map((value) => {
        const axes = value.type?.tensorType?.shape?.dimensions ?? [];
        return withDimensions(
          value,
          axes.map((): OnnxDimension => ({})),
        );
      }),
      // What is known of the values between follows from the sizes.
      valueInfo: [],
    },
  });
}

function withDimensions(value: OnnxValueInfo, dimensions: readonly OnnxDimension[]): OnnxValueInfo {
  return { ...value, type: { ...value.type, tensorType: { ...value.type?.tensorType, shape: { dimensions } } } };
}
