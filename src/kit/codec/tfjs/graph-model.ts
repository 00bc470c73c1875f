import { existsSync, readFileSync, statSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { Cursor } from '../cursor.ts';
import { type JsonObject, isJsonObject, isStringList, jsonHead, parseJson } from '../json-text.ts';
import { readBytes, readHead } from '../read-file.ts';
import { parseGroups, type WeightGroup } from './weights-manifest.ts';

/*
 * Graph model of TensorFlow.js (model.json; tfjs-core, src/io/types.ts `ModelJSON`): a GraphDef of TensorFlow as JSON in
 * protobuf's spelling (tfjs-converter, src/data/compiled_api.ts `IGraphDef`: integers as text, bytes as base64), the names of
 * what goes in and comes out, and a manifest of the weights, which are in shards beside it. Every constant of the graph is one
 * of the weights, by the name of its node.
 */
export interface GraphModel {
  readonly nodes: readonly GraphNode[];
  /** Tensors (`data:0`) by the names under which callers know them; undefined if the file does not state them. */
  readonly signature: Readonly<Record<'inputs' | 'outputs', Readonly<Record<string, TensorInfo>>>> | undefined;
  readonly weights: readonly WeightGroup[];
  /** The program that made the graph. */
  readonly generatedBy: string | undefined;
  /** What a program writes into it for its callers; TensorFlow.js hands it on. */
  readonly metadata: JsonObject | undefined;
}

export interface GraphNode {
  readonly name: string;
  /** TensorFlow's: `Conv2D`. */
  readonly op: string;
  /** Nodes, or one of several outputs of a node: `split:1`; `^name` only fixes an order. */
  readonly inputs: readonly string[];
  /** Each an object with one of s, i, f, b, type, shape, tensor, list, as protobuf's `AttrValue`. */
  readonly attributes: Readonly<Record<string, JsonObject>>;
}

export interface TensorInfo {
  readonly name: string;
  /** -1: any. */
  readonly shape: readonly number[];
}

const title = 'graph model of TensorFlow.js (model.json)';

/** Whether there is a model of TensorFlow.js, of layers or a graph, in a file; its description may have any name, and our folders have a model.json too. */
export function isTfjsModel(file: string): boolean {
  if (!existsSync(file) || !statSync(file).isFile() || jsonHead(readHead(file)) === '') return false;
  const content = readFileSync(file, 'utf8');
  return content.includes('"modelTopology"') && content.includes('"weightsManifest"');
}

/**
 * Reads model.json, without the weights. Fails with `damaged-graph-model`, `damaged-json`, and with `layers-model` for a
 * network that is kept as layers of Keras.
 */
export function readGraphModel(file: string): GraphModel {
  const cursor = new Cursor(readBytes(file, title), file);
  const refuse: Refuse = (expected) => fail(failures.damagedGraphModel({ expected }, cursor.at(0)));
  const content = parseJson(cursor);
  if (!isJsonObject(content)) return refuse('an object');
  const { modelTopology: topology, weightsManifest: weights, format, generatedBy, userDefinedMetadata } = content;
  if (!isJsonObject(topology)) return refuse('modelTopology to be an object');
  if (format === 'layers-model' || 'model_config' in topology) fail(failures.layersModel({}, { file }));
  const { node: nodes } = topology;
  if (!Array.isArray(nodes)) return refuse('modelTopology.node to be a list');
  const metadata = isJsonObject(userDefinedMetadata) ? userDefinedMetadata : undefined;
  // TensorFlow.js takes one in the metadata before the other.
  const signature = metadata?.['signature'] ?? content['signature'];
  return {
    nodes: nodes.map((node: unknown, index) => nodeOf(node, `modelTopology.node[${index}]`, refuse)),
    signature: isJsonObject(signature)
      ? { inputs: tensorsOf(signature, 'inputs', refuse), outputs: tensorsOf(signature, 'outputs', refuse) }
      : undefined,
    weights: parseGroups(weights, (expected) => refuse(`weightsManifest${expected}`)),
    generatedBy: typeof generatedBy === 'string' ? generatedBy : undefined,
    metadata,
  };
}

type Refuse = (expected: string) => never;

function nodeOf(value: unknown, where: string, refuse: Refuse): GraphNode {
  if (!isJsonObject(value)) return refuse(`${where} to be an object`);
  const { name, op, input = [], attr = {} } = value;
  if (typeof name !== 'string' || typeof op !== 'string') return refuse(`${where} to have a name and an op`);
  if (!isStringList(input)) return refuse(`${where}.input to be a list of names`);
  if (!isJsonObject(attr)) return refuse(`${where}.attr to be an object`);
  const attributes = Object.entries(attr).map(([key, each]) => {
    return isJsonObject(each) ? ([key, each] as const) : refuse(`${where}.attr.${key} to be an object`);
  });
  return { name, op, inputs: input, attributes: Object.fromEntries(attributes) };
}

function tensorsOf(signature: JsonObject, side: 'inputs' | 'outputs', refuse: Refuse): Record<string, TensorInfo> {
  const tensors = signature[side] ?? {};
  if (!isJsonObject(tensors)) return refuse(`signature.${side} to be an object`);
  const entries = Object.entries(tensors).map(([key, tensor]) => {
    const name = isJsonObject(tensor) ? tensor['name'] : undefined;
    if (!isJsonObject(tensor) || typeof name !== 'string') return refuse(`signature.${side}.${key} to have a name`);
    return [key, { name, shape: sizesOf(tensor['tensorShape']) }] as const;
  });
  return Object.fromEntries(entries);
}

/** The sizes of a `TensorShapeProto`; empty if there are none. */
export function sizesOf(shape: unknown): number[] {
  const dimensions: unknown = isJsonObject(shape) ? shape['dim'] : undefined;
  if (!Array.isArray(dimensions)) return [];
  return dimensions.map((each: unknown) => Number(isJsonObject(each) ? each['size'] : NaN));
}

/** The text of model.json, as the converter of TensorFlow.js arranges it. */
export function graphModelText({ nodes, signature, weights, generatedBy, metadata }: GraphModel): string {
  const tensors = (of: Readonly<Record<string, TensorInfo>>): JsonObject =>
    Object.fromEntries(
      Object.entries(of).map(([key, { name, shape }]) => {
        return [key, { name, dtype: 'DT_FLOAT', tensorShape: shapeMessage(shape) }];
      }),
    );
  return JSON.stringify({
    format: 'graph-model',
    generatedBy,
    convertedBy: generatedBy,
    ...(signature === undefined
      ? {}
      : { signature: { inputs: tensors(signature.inputs), outputs: tensors(signature.outputs) } }),
    ...(metadata === undefined ? {} : { userDefinedMetadata: metadata }),
    modelTopology: {
      node: nodes.map(({ name, op, inputs, attributes }) => {
        return { name, op, ...(inputs.length === 0 ? {} : { input: inputs }), attr: attributes };
      }),
      library: {},
      versions: { producer: graphVersion, minConsumer: 0 },
    },
    weightsManifest: weights,
  });
}

/** `TF_GRAPH_DEF_VERSION` of TensorFlow 2.12, core/public/version.h; TensorFlow.js only shows it. */
const graphVersion = 1394;

/** A `TensorShapeProto`. */
export function shapeMessage(shape: readonly number[]): JsonObject {
  return { dim: shape.map((size) => ({ size: String(size) })) };
}
