import type { FailureText } from '../../../../core/failure.ts';
import { schemaErrors, type ValueSchema } from '../value-schema.ts';
import { layers } from './index.ts';

/** A layer as a file may hold it: nothing about its content is certain yet. */
export interface UncheckedLayer {
  readonly name: string;
  readonly kind: string;
  readonly attributes: object;
}

/** What is wrong with the kind and the attributes of a layer, one text for each mistake. */
export function checkAttributes({ name, kind, attributes }: UncheckedLayer): FailureText[] {
  const schema = schemaOf(kind);
  if (schema === undefined) {
    return [{ message: `layer "${name}" is of the unknown kind "${kind}"`, suggest: { name: kind, known: kinds } }];
  }
  return schemaErrors(schema, attributes).map(({ place, expected, found }): FailureText => {
    const layer = `layer "${name}" (${kind})`;
    if (expected === 'unknown') {
      return { message: `${layer} has no attribute "${place}"`, suggest: { name: place, known: attributesOf(schema) } };
    }
    const shown = found === undefined ? 'nothing' : JSON.stringify(found);
    return { message: `${layer}: ${place} must be ${expected}, found ${shown}` };
  });
}

const kinds = Object.keys(layers);

type LayerSchema = Extract<ValueSchema, { readonly type: 'object' }>;

/** All attributes are required, and there are no others. */
function schemaOf(kind: string): LayerSchema | undefined {
  const properties = Object.entries(layers).find(([name]) => name === kind)?.[1].attributes;
  return properties && { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function attributesOf({ properties = {} }: LayerSchema): string[] {
  return Object.keys(properties);
}
