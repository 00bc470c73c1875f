import * as field from '../protobuf/fields.ts';
import type { MessageSchema } from '../protobuf/fields.ts';

/*
 * The messages of ONNX that networks use (onnx/onnx.proto, IR version 3 to 12), with ONNX's field numbers; sparse tensors,
 * functions, training information, optional and map types are passed over. In the order of the numbers, as ONNX's own
 * writer has them. Lists of numbers are packed where onnx.proto says `packed = true`.
 */

export interface OnnxModelMessage {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly domain?: string;
  readonly modelVersion?: number;
  readonly docString?: string;
  readonly graph?: OnnxGraph;
  readonly opsetImport: readonly OnnxOperatorSet[];
  readonly metadata: readonly OnnxEntry[];
}

export interface OnnxOperatorSet {
  readonly domain?: string;
  readonly version?: number;
}

export interface OnnxEntry {
  readonly key?: string;
  readonly value?: string;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly name?: string;
  readonly initializers: readonly OnnxTensor[];
  readonly docString?: string;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly valueInfo: readonly OnnxValueInfo[];
}

export interface OnnxNode {
  /** Names of values; an empty one is an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly attributes: readonly OnnxAttribute[];
  readonly docString?: string;
  readonly domain?: string;
}

export interface OnnxAttribute {
  readonly name?: string;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: OnnxTensor;
  readonly g?: OnnxGraph;
  readonly floats: Float32Array;
  readonly ints: readonly number[];
  readonly strings: readonly Uint8Array[];
  /** 1 float, 2 integer, 3 string, 4 tensor, 5 graph, 6 floats, 7 integers, 8 strings. */
  readonly type?: number;
}

export interface OnnxTensor {
  readonly dims: readonly number[];
  /** 1 float32, 2 uint8, 3 int8, 6 int32, 7 int64, 10 float16, 11 float64. */
  readonly dataType?: number;
  readonly floatData: Float32Array;
  readonly int32Data: readonly number[];
  readonly int64Data: readonly number[];
  readonly name?: string;
  /** Little-endian, row by row; a view of the file. */
  readonly rawData?: Uint8Array;
  readonly doubleData: readonly number[];
  readonly docString?: string;
  /** Where the values are, if they are in another file. */
  readonly externalData: readonly OnnxEntry[];
  /** 1: in another file. */
  readonly dataLocation?: number;
}

export interface OnnxValueInfo {
  readonly name?: string;
  readonly type?: OnnxType;
  readonly docString?: string;
}

export interface OnnxType {
  readonly tensorType?: OnnxTensorType;
}

export interface OnnxTensorType {
  readonly elementType?: number;
  readonly shape?: OnnxShape;
}

export interface OnnxShape {
  readonly dimensions: readonly OnnxDimension[];
}

/** A size, the name of one that is open, or neither. */
export interface OnnxDimension {
  readonly value?: number;
  readonly parameter?: string;
}

export const onnxModelSchema: MessageSchema<OnnxModelMessage> = {
  irVersion: field.integer(1),
  producerName: field.text(2),
  producerVersion: field.text(3),
  domain: field.text(4),
  modelVersion: field.integer(5),
  docString: field.text(6),
  graph: field.message(7, () => graph),
  opsetImport: field.messages(8, () => operatorSet),
  metadata: field.messages(14, () => entry),
};

const operatorSet: MessageSchema<OnnxOperatorSet> = { domain: field.text(1), version: field.integer(2) };

const entry: MessageSchema<OnnxEntry> = { key: field.text(1), value: field.text(2) };

const graph: MessageSchema<OnnxGraph> = {
  nodes: field.messages(1, () => node),
  name: field.text(2),
  initializers: field.messages(5, () => tensor),
  docString: field.text(10),
  inputs: field.messages(11, () => valueInfo),
  outputs: field.messages(12, () => valueInfo),
  valueInfo: field.messages(13, () => valueInfo),
};

const node: MessageSchema<OnnxNode> = {
  inputs: field.texts(1),
  outputs: field.texts(2),
  name: field.text(3),
  opType: field.text(4),
  attributes: field.messages(5, () => attribute),
  docString: field.text(6),
  domain: field.text(7),
};

const attribute: MessageSchema<OnnxAttribute> = {
  name: field.text(1),
  f: field.float(2),
  i: field.integer(3),
  s: field.bytes(4),
  t: field.message(5, () => tensor),
  g: field.message(6, () => graph),
  floats: field.floats(7, 'single'),
  ints: field.integers(8, 'single'),
  strings: field.bytesList(9),
  type: field.integer(20),
};

const tensor: MessageSchema<OnnxTensor> = {
  dims: field.integers(1, 'single'),
  dataType: field.integer(2),
  floatData: field.floats(4, 'packed'),
  int32Data: field.integers(5, 'packed'),
  int64Data: field.integers(7, 'packed'),
  name: field.text(8),
  rawData: field.bytes(9),
  doubleData: field.doubles(10),
  docString: field.text(12),
  externalData: field.messages(13, () => entry),
  dataLocation: field.integer(14),
};

const valueInfo: MessageSchema<OnnxValueInfo> = {
  name: field.text(1),
  type: field.message(2, () => type),
  docString: field.text(3),
};

const type: MessageSchema<OnnxType> = { tensorType: field.message(1, () => tensorType) };

const tensorType: MessageSchema<OnnxTensorType> = {
  elementType: field.integer(1),
  shape: field.message(2, () => shape),
};

const shape: MessageSchema<OnnxShape> = { dimensions: field.messages(1, () => dimension) };

const dimension: MessageSchema<OnnxDimension> = { value: field.integer(1), parameter: field.text(2) };
