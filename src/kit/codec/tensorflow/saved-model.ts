import { bytes, float, integer, integers, message, messages, text, texts } from '../protobuf/fields.ts';
import type { MessageSchema } from '../protobuf/fields.ts';
import { encodeMessage } from '../protobuf/messages.ts';

/*
 * `saved_model.pb` of TensorFlow (core/protobuf/saved_model.proto, meta_graph.proto; core/framework/graph.proto, node_def.proto,
 * attr_value.proto, tensor.proto), as far as a graph of operations without variables and signatures needs it.
 */

/** A tensor as a constant holds it: values little-endian, row by row. */
export interface TensorValue {
  /** `DataType` of TensorFlow. */
  readonly type: number;
  readonly shape: TensorShape;
  readonly content: Uint8Array;
}

interface TensorShape {
  readonly axes: readonly { readonly size: number }[];
}

/** One of them is there. */
export interface AttributeValue {
  readonly list?: { readonly integers: readonly number[] };
  readonly string?: string;
  readonly integer?: number;
  readonly float?: number;
  /** 0 or 1. */
  readonly bool?: number;
  readonly type?: number;
  readonly shape?: TensorShape;
  readonly tensor?: TensorValue;
}

export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  /** `<name of a node>:<number of its output>`. */
  readonly inputs: readonly string[];
  readonly attributes: readonly { readonly key: string; readonly value: AttributeValue }[];
}

export const shapeOf = (axes: readonly number[]): TensorShape => ({ axes: axes.map((size) => ({ size })) });

const axis: MessageSchema<{ size: number }> = { size: integer(1) };
const shape: MessageSchema<TensorShape> = { axes: messages(2, () => axis) };
const tensor: MessageSchema<TensorValue> = { type: integer(1), shape: message(2, () => shape), content: bytes(4) };
const list: MessageSchema<{ integers: readonly number[] }> = { integers: integers(3, 'packed') };
const attribute: MessageSchema<AttributeValue> = {
  list: message(1, () => list),
  string: text(2),
  integer: integer(3),
  float: float(4),
  bool: integer(5),
  type: integer(6),
  shape: message(7, () => shape),
  tensor: message(8, () => tensor),
};
const entry: MessageSchema<{ key: string; value: AttributeValue }> = {
  key: text(1),
  value: message(2, () => attribute),
};
const node: MessageSchema<GraphNode> = {
  name: text(1),
  operation: text(2),
  inputs: texts(3),
  attributes: messages(5, () => entry),
};
interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly versions: { readonly producer: number };
}
const versions: MessageSchema<{ producer: number }> = { producer: integer(1) };
const graph: MessageSchema<Graph> = { nodes: messages(1, () => node), versions: message(4, () => versions) };
interface MetaGraph {
  readonly info: { readonly tags: readonly string[] };
  readonly graph: Graph;
}
const info: MessageSchema<{ tags: readonly string[] }> = { tags: texts(4) };
const metaGraph: MessageSchema<MetaGraph> = { info: message(1, () => info), graph: message(2, () => graph) };
const savedModel: MessageSchema<{ version: number; graphs: readonly MetaGraph[] }> = {
  version: integer(1),
  graphs: messages(2, () => metaGraph),
};

/** Of the graphs that are written here: `TF_GRAPH_DEF_VERSION` (core/public/version.h) of TensorFlow 2.16. */
const producer = 1766;

/** The tag of the graph in {@link encodeSavedModel}. */
export const servingTag = 'serve';

export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  const content = { info: { tags: [servingTag] }, graph: { nodes, versions: { producer } } };
  return encodeMessage(savedModel, { version: 1, graphs: [content] });
}
