import type { FailureText } from '../../../../core/failure.ts';
import { fits, schemaErrors, type ValueSchema } from '../value-schema.ts';
import { layers } from './index.ts';

/** A layer as a file may hold it: nothing about its content is certain yet. */
export interface UncheckedLayer {
  readonly name: string;
  readonly kind: string;
  readonly attributes: object;
}

/** What is wrong with the kind and the attributes of a layer, one text for each mistake. */
export function checkAttributes({ name, kind, attributes }: UncheckedLayer): FailureText[] {
  const schema = schemas.get(kind);
  if (schema === undefined) {
    const known = schemas.keys();
    return [{ message: `layer "${name}" is of the unknown kind "${kind}"`, suggest: { name: kind, known } }];
  }
  if (fits(schema, attributes)) return [];
  return schemaErrors(schema, attributes).map(({ place, expected, found }): FailureText => {
    const layer = `layer "${name}" (${kind})`;
    if (expected === 'unknown') {
      return { message: `${layer} has no attribute "${place}"`, suggest: { name: place, known: attributesOf(schema) } };
    }
    const shown = found === undefined ? 'nothing' : JSON.stringify(found);
    return { message: `${layer}: ${place} must be ${expected}, found ${shown}` };
  });
}

type LayerSchema = Extract<ValueSchema, { readonly type: 'object' }>;

/** By kind. All attributes are required, and there are no others. */
const schemas: ReadonlyMap<string, LayerSchema> = new Map(
  Object.entries(layers).map(([kind, { attributes }]): [string, LayerSchema] => {
    const required = Object.keys(attributes);
    return [kind, { type: 'object', properties: attributes, required, additionalProperties: false }];
  }),
);

function attributesOf({ properties = {} }: LayerSchema): string[] {
  return Object.keys(properties);
}
