import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as Ajv2020 from 'ajv/dist/2020.js';
import { layers } from '../../../../src/kit/net/graph/layers/index.ts';
import { fits, schemaErrors, type ValueSchema } from '../../../../src/kit/net/graph/value-schema.ts';

const { Ajv2020: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof Ajv2020;
const ajv = new Ajv({ strict: false });

const schemas: readonly [string, ValueSchema][] = Object.entries(layers).map(([kind, { attributes }]) => [
  kind,
  { type: 'object', properties: attributes, required: Object.keys(attributes), additionalProperties: false },
]);

const nested: ValueSchema = {
  type: 'object',
  required: ['list'],
  properties: {
    list: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2 },
    share: { type: 'number', minimum: 0, exclusiveMaximum: 1 },
    inner: { type: 'object', additionalProperties: { enum: [1, 'one'] } },
  },
};

/** Values that are right more often than any values would be: an example, with something else in the place of one. */
function valuesNear(example: object): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(
    fc.integer({ min: -2, max: 3 }),
    fc.double({ min: -1, max: 2, noNaN: true }),
    fc.boolean(),
    fc.constantFrom('max', 'valid', 'relu', 'one', '', null),
    fc.array(fc.oneof(fc.integer({ min: -1, max: 3 }), fc.constantFrom('a', 0.5)), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(1, 2, 'one')),
  );
  const names = [...Object.keys(example), 'other'];
  const changes = fc.dictionary(fc.constantFrom(...names), leaf, { maxKeys: 2 });
  const removed = fc.subarray(names, { maxLength: 1 });
  return fc.oneof(
    leaf,
    fc.tuple(changes, removed).map(([changed, gone]) => {
      const entries = Object.entries({ ...example, ...changed }).filter(([name]) => !gone.includes(name));
      return Object.fromEntries(entries);
    }),
  );
}

describe('values are judged as ajv judges them', () => {
  it.each(schemas)('as attributes of the layer %s', (kind, schema) => {
    const validate = ajv.compile(schema);
    const { attributes } = layers[kind as keyof typeof layers].example;
    expect(fits(schema, attributes)).toBe(true);
    fc.assert(fc.property(valuesNear(attributes), (value) => fits(schema, value) === validate(value)));
  });

  it('as objects and lists in each other', () => {
    const validate = ajv.compile(nested);
    const example = { list: ['a'], share: 0.5, inner: { a: 1 } };
    expect(fits(nested, example)).toBe(true);
    fc.assert(fc.property(valuesNear(example), (value) => fits(nested, value) === validate(value)));
  });
});

it('every mistake is named with its place, what was expected, and what was found', () => {
  const errors = schemaErrors(nested, { list: ['a', 1], share: 1, inner: { a: 2 } }, 'model');
  expect(errors).toEqual([
    { place: 'model.list[1]', expected: 'a string', found: 1 },
    { place: 'model.share', expected: 'a number of at least 0 below 1', found: 1 },
    { place: 'model.inner.a', expected: 'one of 1, one', found: 2 },
  ]);
  expect(schemaErrors(nested, [])).toEqual([{ place: '', expected: 'an object', found: [] }]);
});
