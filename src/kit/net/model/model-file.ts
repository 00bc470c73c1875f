import type { FailureText } from '../../../core/failure.ts';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Graph, LayerNode } from '../graph/graph.ts';
import { checkAttributes } from '../graph/layers/check-attributes.ts';
import { fits, schemaErrors, type ValueOf, type ValueSchema } from '../graph/value-schema.ts';
import type { ArrayEntry } from './array-file.ts';
import type { ModelOrigin } from './model.ts';

/** The content of model.json. */
export interface ModelFile {
  readonly origin: ModelOrigin;
  readonly graph: Graph;
  readonly arrays: readonly ArrayEntry[];
}

const size = { type: 'integer', minimum: 1 } as const;
const text = { type: 'string' } as const;

const layers = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'kind', 'inputs', 'attributes'],
    properties: {
      name: text,
      kind: text,
      inputs: { type: 'array', items: text },
      // Depend on the kind: see check-attributes.ts.
      attributes: { type: 'object' },
      parameterNames: { type: 'object', additionalProperties: text },
    },
  },
} as const satisfies ValueSchema;

const input = {
  type: 'object',
  required: ['channels', 'height', 'width'],
  properties: { channels: size, height: size, width: size },
} as const satisfies ValueSchema;

const graphSchema = {
  type: 'object',
  required: ['input', 'layers', 'outputs'],
  properties: { input, layers, outputs: { type: 'array', items: text } },
} as const satisfies ValueSchema;

/** Version 1 had a single output. */
const firstGraphSchema = {
  type: 'object',
  required: ['input', 'layers', 'output'],
  properties: { input, layers, output: text },
} as const satisfies ValueSchema;

const headSchema = {
  type: 'object',
  required: ['format', 'version'],
  properties: {
    format: { enum: ['faceflow-model'] },
    version: { enum: [1, 2] },
  },
} as const satisfies ValueSchema;

const modelSchema = {
  type: 'object',
  required: ['graph', 'arrays'],
  properties: {
    origin: { type: 'object' },
    graph: { type: 'object' },
    arrays: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'shape', 'offset'],
        properties: {
          name: text,
          shape: { type: 'array', items: size },
          offset: { type: 'integer', minimum: 0 },
        },
      },
    },
  },
} as const satisfies ValueSchema;

/** Reads model.json, whose content may be anything. Fails with `bad-model`, naming the place. */
export function parseModelFile(json: string, file: string): ModelFile {
  const content = jsonOf(json, file);
  const { version } = checked(headSchema, content, { file, place: '' });
  const { origin = {}, graph, arrays } = checked(modelSchema, content, { file, place: '' });
  return { origin: origin as ModelOrigin, graph: graphOf(graph, version, file), arrays };
}

/** Reads a graph as JSON, whose content may be anything. Fails with `bad-model`, naming the place. */
export function parseGraph(json: string, file: string): Graph {
  return graphOf(jsonOf(json, file), 2, file);
}

function graphOf(content: unknown, version: 1 | 2, file: string): Graph {
  const place = { file, place: 'graph' };
  if (version === 2) {
    const graph = checked(graphSchema, content, place);
    return { input: sizeOf(graph.input), layers: checkedLayers(graph.layers, file), outputs: graph.outputs };
  }
  const graph = checked(firstGraphSchema, content, place);
  return { input: sizeOf(graph.input), layers: checkedLayers(graph.layers, file), outputs: [graph.output] };
}

/** Without what else a file holds: models that were trained before 2026-11 have facts of their data set here. */
function sizeOf({ channels, height, width }: ValueOf<typeof input>): Graph['input'] {
  return { channels, height, width };
}

function checkedLayers(unchecked: ValueOf<typeof layers>, file: string): readonly LayerNode[] {
  for (const layer of unchecked) {
    const [problem] = checkAttributes(layer);
    if (problem !== undefined) refuse({ ...problem, message: `in the graph, ${problem.message}` }, file);
  }
  // Kinds and attributes have just been found to belong together; what else a file holds of a layer is left out.
  return unchecked.map(({ name, kind, inputs, attributes, parameterNames }) => ({
    ...{ name, kind, inputs, attributes },
    ...(parameterNames === undefined ? {} : { parameterNames }),
  })) as readonly LayerNode[];
}

function jsonOf(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return refuse({ message: `expected JSON: ${reason}` }, file, cause);
  }
}

/** The value, which fits the schema. */
function checked<Schema extends ValueSchema>(
  schema: Schema,
  value: unknown,
  { file, place }: { readonly file: string; readonly place: string },
): ValueOf<Schema> {
  if (fits(schema, value)) return value;
  const [error = { place, expected: '', found: value }] = schemaErrors(schema, value, place);
  const found = error.found === undefined ? 'nothing' : JSON.stringify(error.found).slice(0, 60);
  const what = error.place === '' ? 'the file' : error.place;
  return refuse({ message: `expected ${what} to be ${error.expected}, found ${found}` }, file);
}

function refuse(problem: FailureText, file: string, cause?: unknown): never {
  fail(failures.badModel(problem, { file }), cause);
}
