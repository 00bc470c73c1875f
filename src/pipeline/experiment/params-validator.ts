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
const known = new Map<string, ValidateFunction>();

/**
 * The validator of a schema. Loading ajv and compiling the schemas of five stages takes 75 ms of the 300 a run of known
 * results may take, so the build compiles those that come with the package into `compiledFolder`, named by digest.
 */
export function validatorOf(schema: Schema, compiledFolder: string): Validator {
  const compiled = join(compiledFolder, validatorFile(schema));
  let validate = known.get(compiled);
  if (validate === undefined) {
    validate = existsSync(compiled) ? (require(compiled) as ValidateFunction) : compile(schema);
    known.set(compiled, validate);
  }
  const check = validate;
  return (value) => (check(value) ? [] : (check.errors ?? []));
}

export function validatorFile(schema: Schema): string {
  return `${digestOf(canonicalJson(schema)).slice(0, 16)}.cjs`;
}

/** The validator of a schema as the text of a module. */
export function validatorModule(schema: Schema): string {
  const standalone = require('ajv/dist/standalone') as (typeof Standalone)['default'];
  const instance = createAjv({ code: { source: true }, inlineRefs: false });
  return standalone.default(instance, instance.compile(branchesApart(schema)));
}

/**
 * The same schema with every branch of a choice by name in `$defs`, where ajv makes a function of it: Node.js compiles a
 * function when it is first called, and of twenty losses an experiment calls one.
 */
function branchesApart(schema: Schema): Schema {
  const branches: Record<string, Json> = {};
  const apart = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(apart);
    const isChoiceByName = 'discriminator' in value;
    const parts = Object.entries(value).map(([key, part]): [string, Json] => {
      if (key !== 'oneOf' || !isChoiceByName || !Array.isArray(part)) return [key, apart(part)];
      return [
        key,
        (part as readonly Json[]).map((branch) => {
          const name = `branch${Object.keys(branches).length}`;
          branches[name] = null;
          branches[name] = apart(branch);
          return { $ref: `#/$defs/${name}` };
        }),
      ];
    });
    return Object.fromEntries(parts);
  };
  const choices = apart(schema) as Schema;
  return Object.keys(branches).length === 0 ? choices : { ...choices, $defs: branches };
}

function compile(schema: Schema): ValidateFunction {
  ajv ??= createAjv({});
  return ajv.compile(schema);
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
