import type { Json } from '../../src/core/digest.ts';
import { experimentKeys, stageKeys } from '../../src/pipeline/experiment/experiment-keys.ts';
import { referenceForms } from '../../src/pipeline/experiment/failures.ts';
import type { InputPort, StageManifest } from '../../src/pipeline/experiment/stage-manifest.ts';

type Schema = Readonly<Record<string, Json>>;

/**
 * The schema by which editors complete and explain experiment files. `flow check` is stricter: it resolves references
 * and checks what they stand for.
 */
export function experimentSchema(manifests: readonly StageManifest[]): Schema {
  return {
    // Draft 7: the newest that the YAML extension of VS Code knows whole.
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'An experiment of faceflow',
    description: 'Generated from stages/*/stage.json by `npm run generate`; not to be edited.',
    type: 'object',
    additionalProperties: false,
    required: ['name', 'stages'],
    properties: experimentKeys,
    definitions: {
      reference: { type: 'string', pattern: '\\$\\{[^}]+\\}', description: referenceForms },
      overlay: overlaySchema(),
      stage: stageSchema(manifests),
      ...Object.fromEntries(manifests.map((manifest) => [`with-${manifest.name}`, withSchema(manifest)])),
    },
  };
}

function overlaySchema(): Schema {
  const stage = { type: 'object', properties: stageKeys, additionalProperties: false };
  const { stages, params, seed, summary } = experimentKeys;
  return {
    type: 'object',
    additionalProperties: false,
    properties: { summary, seed, params, stages: { ...stages, additionalProperties: stage } },
  };
}

function stageSchema(manifests: readonly StageManifest[]): Schema {
  const uses = {
    description: stageKeys.uses.description,
    anyOf: [
      ...manifests.map(({ name, summary }) => ({ const: name, description: summary })),
      { type: 'string', pattern: '^[./]', description: 'A folder of your own that holds stage.json and run.js.' },
    ],
  };
  return {
    type: 'object',
    additionalProperties: false,
    properties: { ...stageKeys, uses },
    allOf: manifests.map(({ name }) => ({
      if: { properties: { uses: { const: name } }, required: ['uses'] },
      then: { properties: { with: { $ref: `#/definitions/with-${name}` } } },
    })),
  };
}

/** Parameters and ports, which stand side by side in `with`. */
function withSchema({ summary, params, inputs, declaresPorts }: StageManifest): Schema {
  const { required = [], properties = {} } = params as { required?: readonly string[]; properties?: Schema };
  const ports = Object.entries(inputs);
  const needed = ports.filter(([, port]) => port.optional !== true).map(([name]) => name);
  return {
    type: ['object', 'null'],
    description: summary,
    additionalProperties: false,
    required: [...required, ...needed],
    properties: {
      ...Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, orReference(schema)])),
      ...Object.fromEntries(ports.map(([name, port]) => [name, portSchema(port)])),
      ...(declaresPorts === true ? { inputs: declaredInputs } : {}),
    },
  };
}

const declaredInputs = {
  type: 'object',
  description: 'Inputs by name: paths, outputs of stages, or lists of them.',
  additionalProperties: { type: ['string', 'array'], items: { type: 'string' } },
};

function portSchema({ kind, summary, many }: InputPort): Schema {
  const one = { type: 'string', description: `${summary} (${kind}: a path, or an output of a stage)` };
  return many === true ? { ...one, type: ['string', 'array'], items: { type: 'string' } } : one;
}

/** Wherever a number, list or map may stand, a reference may stand too. */
function orReference(schema: Json): Json {
  if (!isSchema(schema)) return schema;
  const inner: Record<string, Json> = {};
  for (const [keyword, value] of Object.entries(schema)) inner[keyword] = withReferences(keyword, value);
  if (schema['type'] === 'string' && schema['enum'] === undefined) return inner;
  if (schema['const'] !== undefined) return inner;
  const { description, default: fallback, ...rest } = inner;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, { $ref: '#/definitions/reference' }],
  };
}

function withReferences(keyword: string, value: Json): Json {
  if (keyword === 'properties' && isSchema(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, orReference(schema)]));
  }
  if (keyword === 'items') return orReference(value);
  if ((keyword === 'then' || keyword === 'else') && isSchema(value)) return insideOf(value);
  if (keyword === 'oneOf' || keyword === 'anyOf') {
    return (value as readonly Json[]).map((branch) => (isSchema(branch) ? insideOf(branch) : branch));
  }
  return value;
}

function insideOf(branch: Schema): Schema {
  return Object.fromEntries(
    Object.entries(branch).map(([keyword, value]) => [keyword, withReferences(keyword, value)]),
  );
}

function isSchema(value: Json): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
