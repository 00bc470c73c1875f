import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import type * as Ajv2020 from 'ajv/dist/2020.js';
import type * as Standalone from 'ajv/dist/standalone/index.js';
import { canonicalJson, digestOf, type Json } from '../../core/digest.ts';
import { nodeAt, segmentsOf, toJson, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import { reportSchemaError, type SchemaError, type Subject } from './schema-error.ts';

export type JsonObject = Record<string, Json>;
type Schema = Readonly<Record<string, Json>>;

/** Fills in defaults (changing `value`) and returns every way in which it does not fit the schema. */
export type Validator = (value: JsonObject) => readonly SchemaError[];

const require = createRequire(import.meta.url);
let ajv: Ajv2020.Ajv2020 | undefined;
const known = new Map<string, Validator>();

/**
 * The validator of a schema. Loading ajv and compiling the schemas of five stages takes 75 ms of the 300 a run of known
 * results may take, so the build compiles those that come with the package into `compiledFolder`, named by digest.
 */
export function validatorOf(schema: Schema, compiledFolder: string): Validator {
  const compiled = join(compiledFolder, validatorFile(schema));
  let validator = known.get(compiled);
  if (validator === undefined) {
    validator = existsSync(compiled) ? compiledValidator(compiled, schema) : freshValidator(schema);
    known.set(compiled, validator);
  }
  return validator;
}

export function validatorFile(schema: Schema): string {
  return `${digestOf(canonicalJson(schema)).slice(0, 16)}.cjs`;
}

/** The validator of a schema as the text of a module. */
export function validatorModule(schema: Schema): string {
  const standalone = require('ajv/dist/standalone') as (typeof Standalone)['default'];
  const instance = createAjv({ code: { source: true }, inlineRefs: false });
  const { main, parts } = partsOf(schema);
  for (const [name, part] of parts) instance.addSchema(part, name);
  return standalone.default(instance, instance.compile(main));
}

/** Smaller ones are not worth a function, in characters of JSON. */
const leastPart = 1000;

/**
 * The same schema with every branch of a choice by name, and every long schema of a property, as a schema of its own, of
 * which ajv makes a function: of twenty losses an experiment calls one, and many parameters it does not have at all.
 */
function partsOf(schema: Schema): { main: Schema; parts: ReadonlyMap<string, Schema> } {
  const parts = new Map<string, Schema>();
  const part = (value: Json): Schema => {
    const content = apart(value) as Schema;
    const name = `part${parts.size}`;
    parts.set(name, content);
    return { $ref: name };
  };
  const properties = (value: Schema): Json =>
    mapped(value, (each) => {
      if (JSON.stringify(each).length < leastPart) return apart(each);
      // A default is filled in by the object that holds the property.
      const { default: given } = each as Schema;
      return given === undefined ? part(each) : { ...part(each), default: given };
    });
  const apart = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(apart);
    return mapped(value as Schema, (each, key) => {
      if (key === 'oneOf' && 'discriminator' in value) return (each as readonly Json[]).map(part);
      return key === 'properties' ? properties(each as Schema) : apart(each);
    });
  };
  return { main: apart(schema) as Schema, parts };
}

function mapped(value: Schema, change: (value: Json, key: string) => Json): Schema {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each, key)]));
}

/** What a compiled validator has found, with its parts in their places again: texts of errors take names and limits from there. */
function together(errors: readonly SchemaError[], schema: Schema): readonly SchemaError[] {
  const { parts } = partsOf(schema);
  const whole = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(whole);
    const reference = (value as Schema)['$ref'];
    const part = typeof reference === 'string' ? parts.get(reference) : undefined;
    return part === undefined ? mapped(value as Schema, whole) : whole(part);
  };
  return errors.map((error) => ({
    ...error,
    schema: whole(error.schema as Json),
    parentSchema: whole(error.parentSchema as Json) as Schema,
  }));
}

function compiledValidator(file: string, schema: Schema): Validator {
  const validate = require(file) as ValidateFunction;
  return (value) => (validate(value) ? [] : together(validate.errors ?? [], schema));
}

function freshValidator(schema: Schema): Validator {
  ajv ??= createAjv({});
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []));
}

function createAjv(options: Ajv2020.Options): Ajv2020.Ajv2020 {
  const { Ajv2020: Constructor } = require('ajv/dist/2020.js') as typeof Ajv2020;
  return new Constructor({
    allErrors: true,
    useDefaults: true,
    // Defaults inside `oneOf` are only filled in where a discriminator picks the branch; so are errors of one branch only.
    discriminator: true,
    verbose: true,
    strict: false,
    // Schemas are checked by the tests (those of the package) or by `StageKinds` (the user's): compiling the meta-schema takes 70 ms.
    meta: false,
    validateSchema: false,
    ...options,
  });
}

/** The value of a mapping with defaults filled in, frozen; what does not fit is reported at the place it was written. */
export function validateParams(
  params: MapNode,
  validator: Validator,
  { subject, problems }: { subject: Subject; problems: Problems },
): Readonly<Record<string, Json>> {
  const first = validated(params, validator);
  const misread = first.errors.filter((error) => isLoose(params, error));
  const { value, errors } = misread.length === 0 ? first : validated(misread.reduce(reread, params), validator);
  for (const error of errors) reportSchemaError(error, { params, subject, problems });
  return deepFreeze(value);
}

function validated(params: MapNode, validator: Validator): { value: JsonObject; errors: readonly SchemaError[] } {
  const value = toJson(params) as JsonObject;
  return { value, errors: validator(value) };
}

/** A string from the environment, which knows no types, where a number or a truth value is required. */
function isLoose(params: MapNode, error: SchemaError): boolean {
  const { node, exact } = nodeAt(params, error.instancePath);
  return error.keyword === 'type' && exact && node.type === 'scalar' && node.loose === true;
}

/** The same tree with the string at the place of an error read as YAML reads it. */
function reread(params: MapNode, error: SchemaError): MapNode {
  const changed = replaceAt(params, segmentsOf(error.instancePath), (node) =>
    node.type === 'scalar' && typeof node.value === 'string' ? { ...node, value: plainValue(node.value) } : node,
  );
  return changed.type === 'map' ? changed : params;
}

function replaceAt(node: Node, path: readonly string[], change: (node: Node) => Node): Node {
  const [key, ...rest] = path;
  if (key === undefined) return change(node);
  if (node.type === 'list') {
    const items = node.items.map((item, index) => (String(index) === key ? replaceAt(item, rest, change) : item));
    return { ...node, items };
  }
  const entry = node.type === 'map' ? node.entries.get(key) : undefined;
  if (node.type !== 'map' || entry === undefined) return node;
  const entries = new Map(node.entries).set(key, { ...entry, value: replaceAt(entry.value, rest, change) });
  return { ...node, entries };
}

function plainValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}

function deepFreeze<T extends Json>(value: T): T {
  if (value !== null && typeof value === 'object') {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
