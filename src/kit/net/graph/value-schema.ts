/**
 * The part of JSON Schema (draft 2020-12) in which graphs and model files are described. It is checked here and not by
 * ajv, which takes 50 ms to load and compile, longer than small models take to read; that both agree is tested.
 * A value with a `description` is reported as a whole, in these words.
 */
export type ValueSchema =
  | { readonly enum: readonly (string | number)[] }
  | {
      readonly type: 'integer' | 'number';
      readonly minimum?: number;
      readonly exclusiveMaximum?: number;
    }
  | { readonly type: 'boolean' | 'string' }
  | {
      readonly type: 'array';
      readonly items: ValueSchema;
      readonly minItems?: number;
      readonly maxItems?: number;
      readonly description?: string;
    }
  | {
      readonly type: 'object';
      readonly properties?: Readonly<Record<string, ValueSchema>>;
      readonly required?: readonly string[];
      /** What properties other than the ones listed must be; any value unless given. */
      readonly additionalProperties?: ValueSchema | false;
    };

/** What a value is that its schema has no objection to. */
export type ValueOf<Schema> = Schema extends { readonly enum: readonly (infer Value)[] }
  ? Value
  : Schema extends { readonly type: 'integer' | 'number' }
    ? number
    : Schema extends { readonly type: 'boolean' }
      ? boolean
      : Schema extends { readonly type: 'string' }
        ? string
        : Schema extends { readonly type: 'array'; readonly items: infer Item }
          ? readonly ValueOf<Item>[]
          : Schema extends { readonly type: 'object' }
            ? ObjectOf<Schema>
            : never;

type ObjectOf<Schema> = Schema extends {
  readonly properties: infer Properties;
  readonly required: readonly (infer Required)[];
}
  ? { readonly [Name in keyof Properties & Required]: ValueOf<Properties[Name]> } & {
      readonly [Name in Exclude<keyof Properties, Required>]?: ValueOf<Properties[Name]>;
    }
  : Schema extends { readonly additionalProperties: infer Value }
    ? Readonly<Record<string, ValueOf<Value>>>
    : object;

/** One way in which a value does not fit its schema. */
export interface SchemaError {
  /** `graph.layers[3].name`; empty for the value itself. */
  readonly place: string;
  /** In words: `an integer of at least 1`; `unknown` for a property that must not be there. */
  readonly expected: string;
  /** `undefined` if it is missing. */
  readonly found: unknown;
}

/** Whether the value fits; {@link schemaErrors} has the reasons. */
export function fits<Schema extends ValueSchema>(schema: Schema, value: unknown): value is ValueOf<Schema> {
  return isFit(schema, value);
}

function isFit(schema: ValueSchema, value: unknown): boolean {
  if ('enum' in schema) return schema.enum.some((allowed) => allowed === value);
  switch (schema.type) {
    case 'integer':
    case 'number':
      return isNumber(value, schema);
    case 'boolean':
    case 'string':
      return typeof value === schema.type;
    case 'array': {
      const { items, minItems = 0, maxItems = Infinity } = schema;
      if (!isArray(value) || value.length < minItems || value.length > maxItems) return false;
      for (const item of value) if (!isFit(items, item)) return false;
      return true;
    }
    case 'object':
      return isObject(value) && isFitObject(schema, value);
  }
}

function isFitObject(
  { properties = {}, required = [], additionalProperties }: ObjectSchema,
  value: AnyObject,
): boolean {
  // Missing ones are undefined, which no schema allows.
  for (const name of required) if (value[name] === undefined) return false;
  for (const name of Object.keys(value)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (schema === false || (schema !== undefined && !isFit(schema, value[name]))) return false;
  }
  return true;
}

/** Every way in which the value does not fit, in the order of the schema; unknown properties come first. */
export function schemaErrors(schema: ValueSchema, value: unknown, place = ''): SchemaError[] {
  if (isFit(schema, value)) return [];
  if ('type' in schema && schema.type === 'object' && isObject(value)) return objectErrors(schema, value, place);
  if ('type' in schema && schema.type === 'array' && isArray(value) && schema.description === undefined) {
    const errors = value.flatMap((item, index) => schemaErrors(schema.items, item, `${place}[${index}]`));
    if (errors.length > 0) return errors;
  }
  return [{ place, expected: describe(schema), found: value }];
}

type ObjectSchema = Extract<ValueSchema, { readonly type: 'object' }>;
type AnyObject = Readonly<Record<string, unknown>>;

function objectErrors(schema: ObjectSchema, value: AnyObject, place: string): SchemaError[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const placeOf = (name: string): string => (place === '' ? name : `${place}.${name}`);
  const others = Object.entries(value).filter(([name]) => !Object.hasOwn(properties, name));
  const unknown = others.flatMap(([name, found]) => {
    if (additionalProperties === undefined) return [];
    if (additionalProperties === false) return [{ place: placeOf(name), expected: 'unknown', found }];
    return schemaErrors(additionalProperties, found, placeOf(name));
  });
  const known = Object.entries(properties).filter(([name]) => required.includes(name) || Object.hasOwn(value, name));
  return [...unknown, ...known.flatMap(([name, each]) => schemaErrors(each, value[name], placeOf(name)))];
}

function isNumber(value: unknown, schema: Extract<ValueSchema, { readonly minimum?: number }>): boolean {
  const { type, minimum = -Infinity, exclusiveMaximum = Infinity } = schema;
  if (typeof value !== 'number' || !(type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value))) {
    return false;
  }
  return value >= minimum && value < exclusiveMaximum;
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is AnyObject {
  return typeof value === 'object' && value !== null && !isArray(value);
}

/** What a schema asks for, in words. */
function describe(schema: ValueSchema): string {
  if ('enum' in schema) {
    const [only, ...others] = schema.enum;
    return others.length === 0 ? JSON.stringify(only) : `one of ${schema.enum.join(', ')}`;
  }
  switch (schema.type) {
    case 'integer':
    case 'number': {
      const { type, minimum, exclusiveMaximum } = schema;
      const from = minimum === undefined ? '' : ` of at least ${minimum}`;
      const below = exclusiveMaximum === undefined ? '' : ` below ${exclusiveMaximum}`;
      return `${type === 'integer' ? 'an integer' : 'a number'}${from}${below}`;
    }
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a string';
    case 'array':
      return schema.description ?? 'a list';
    case 'object':
      return 'an object';
  }
}
