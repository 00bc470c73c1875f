import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type * as Ajv2020 from 'ajv/dist/2020.js';
import type { Json } from '../base/digest.ts';

export type JsonObject = Record<string, Json>;
export type SchemaError = ErrorObject;

/** Fills in defaults (changing `value`) and gives every way in which it does not fit the schema. */
export type Validator = (value: JsonObject) => readonly SchemaError[];

// Loading ajv takes 33 ms and compiling a schema 2 to 20 ms, so both wait until a schema is needed.
const require = createRequire(import.meta.url);
let ajv: Ajv2020.Ajv2020 | undefined;

export function compileValidator(schema: Readonly<Record<string, Json>>): Validator {
  ajv ??= createAjv();
  const validate: ValidateFunction = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []));
}

function createAjv(): Ajv2020.Ajv2020 {
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
  });
}
