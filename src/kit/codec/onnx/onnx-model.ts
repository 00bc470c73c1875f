import type { Codec } from '../codec.ts';
import { counted } from '../../../core/human.ts';
import { tally } from '../description.ts';
import {
  type OnnxGraph,
  type OnnxModelMessage,
  onnxModelSchema,
  type OnnxOperatorSet,
  type OnnxValueInfo,
} from './onnx-messages.ts';
import { decodeMessage, encodeMessage } from '../protobuf/messages.ts';

/** A model with all that it cannot be without. */
export interface OnnxModel extends OnnxModelMessage {
  readonly irVersion: number;
  readonly graph: OnnxGraph;
  readonly opsetImport: readonly [OnnxOperatorSet, ...OnnxOperatorSet[]];
}

/*
 * ONNX (onnx/onnx.proto): one protobuf message, without a magic number. Every writer begins with field 1, the version of
 * the format, and continues with another field of the model.
 */
const firstTag = 0x08;
const newestIrVersion = 32;
/** Tags of fields 2 to 8 and 14. */
const secondTags = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72];

export const onnxModel: Codec<OnnxModel> = {
  name: 'onnx',
  title: 'ONNX model (.onnx)',
  summary: 'A network with its weights, as onnxruntime and most frameworks read it.',
  endings: ['.onnx'],
  sniff([first, version = 0, second = 0]) {
    return first === firstTag && version > 0 && version <= newestIrVersion && secondTags.includes(second);
  },
  decode(cursor) {
    const message = decodeMessage(onnxModelSchema, cursor);
    const { irVersion, graph, opsetImport } = message;
    const [first, ...others] = opsetImport;
    if (irVersion === undefined) return cursor.damaged('it has no version of the format (field 1)', 0);
    // The graph comes first, the sets of operators after it: without them the end is missing.
    if (graph === undefined) return cursor.damaged('it has no graph (field 7)');
    if (first === undefined) return cursor.damaged('it does not say which operators it uses (field 8)');
    return { ...message, irVersion, graph, opsetImport: [first, ...others] };
  },
  describe(cursor) {
    const { graph, opsetImport, irVersion, producerName, producerVersion = '' } = onnxModel.decode(cursor);
    const given = new Set(graph.initializers.map(({ name }) => name));
    const operators = tally(
      graph.nodes.map(({ opType = '?' }) => opType),
      8,
    );
    const numbers = graph.initializers.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    const sets = opsetImport.map(({ domain = '', version = 0 }) => `${domain === '' ? 'onnx' : domain} ${version}`);
    return {
      facts: [
        { name: 'operators', value: `${counted(graph.nodes.length, 'node')}: ${operators}` },
        { name: 'weights', value: `${counted(graph.initializers.length, 'array')} of ${numbers} numbers` },
        { name: 'inputs', value: onnxValues(graph.inputs.filter(({ name }) => !given.has(name))) },
        { name: 'outputs', value: onnxValues(graph.outputs) },
        { name: 'operator sets', value: sets.join(', ') },
        { name: 'format version', value: irVersion },
        ...(producerName === undefined ? [] : [{ name: 'written by', value: `${producerName} ${producerVersion}` }]),
      ],
    };
  },
  encode: (model) => encodeMessage(onnxModelSchema, model),
};

/** `data [N, 3, 112, 112]`. */
function onnxValues(values: readonly OnnxValueInfo[]): string {
  return values
    .map(({ name = '?', type }) => {
      const dimensions = type?.tensorType?.shape?.dimensions ?? [];
      return `${name} [${dimensions.map(({ value, parameter = '?' }) => value ?? parameter).join(', ')}]`;
    })
    .join('; ');
}
