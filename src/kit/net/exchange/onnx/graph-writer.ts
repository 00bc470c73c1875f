import { littleEndianBytes } from '../../../codec/little-endian-floats.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../../codec/onnx/onnx-messages.ts';

/** What an attribute of a node may be here: an integer, a list of them, or a number that is marked as a float. */
type AttributeValue = number | readonly number[] | { readonly float: number };

/** Numbers of onnx.proto's TensorProto.DataType. */
export const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;

/** A node with one output. */
export interface NodeCall {
  readonly output: string;
  readonly inputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** The output's name unless given. */
  readonly name?: string;
}

/** Gathers the nodes and constants of an ONNX graph. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];

  /** Adds a node; returns the name of its output. */
  node(opType: string, { output, inputs, attributes = {}, name = output }: NodeCall): string {
    const written = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.nodes.push({ inputs, outputs: [output], name, opType, attributes: written });
    return output;
  }

  /** A constant of float32; its bytes are not copied. */
  floats(name: string, dims: readonly number[], values: Float32Array): string {
    this.initializers.push({ ...emptyTensor, dims, dataType: 1, name, rawData: littleEndianBytes(values) });
    return name;
  }

  /** A constant of whole numbers of a byte; its bytes are not copied. */
  codes(name: string, dims: readonly number[], values: Int8Array | Uint8Array): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.length);
    const dataType = values instanceof Int8Array ? elementTypes.int8 : elementTypes.uint8;
    this.initializers.push({ ...emptyTensor, dims, dataType, name, rawData });
    return name;
  }

  float(name: string, value: number): string {
    return this.floats(name, [], Float32Array.of(value));
  }

  /** A list of int64, as axes and positions are. */
  integers(name: string, values: readonly number[]): string {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.initializers.push({ ...emptyTensor, dims: [values.length], dataType: 7, name, rawData });
    return name;
  }
}

const emptyTensor = {
  floatData: new Float32Array(0),
  int32Data: [],
  int64Data: [],
  doubleData: [],
  externalData: [],
} as const;

/** Numbers of onnx.proto's AttributeType. */
const attributeTypes = { float: 1, integer: 2, integers: 7 } as const;

function attributeOf(name: string, value: AttributeValue): OnnxAttribute {
  const empty = { floats: new Float32Array(0), ints: [], strings: [] };
  if (typeof value === 'number') return { ...empty, name, i: value, type: attributeTypes.integer };
  if ('float' in value) return { ...empty, name, f: value.float, type: attributeTypes.float };
  return { ...empty, name, ints: value, type: attributeTypes.integers };
}
