import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type * as Ajv2020 from 'ajv/dist/2020.js';
import type * as Standalone from 'ajv/dist/standalone/index.js';
import { canonicalJson, digestOf, type Json } from '../../core/digest.ts';

export type JsonObject = Record<string, Json>;
export type SchemaError = ErrorObject;
type Schema = Readonly<Record<string, Json>>;

/** Fills in defaults (changing `value`) and gives every way in which it does not fit the schema. */
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

/** The parameters of an experiment that gives none. */
export function defaultParams(schema: Schema): JsonObject {
  const params: JsonObject = {};
  compile(schema)(params);
  return params;
}

export function validatorFile(schema: Schema): string {
  return `${digestOf(canonicalJson(schema)).slice(0, 16)}.cjs`;
}

/** The validator of a schema as the text of a module. */
export function validatorModule(schema: Schema): string {
  const standalone = require('ajv/dist/standalone') as (typeof Standalone)['default'];
  const instance = createAjv({ code: { source: true } });
  return standalone.default(instance, instance.compile(schema));
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
    // Schemas are checked by the tests (those of the package) or by `checkManifest` (the user's): compiling the meta-schema takes 70 ms.
    meta: false,
    validateSchema: false,
    ...options,
  });
}
