import type { Json } from '../../core/digest.ts';
import { nodeAt, toJson, type MapNode, type Node } from './node.ts';
import type { JsonObject, SchemaError, Validator } from './params-validator.ts';
import type { Problems } from './problems.ts';
import { reportSchemaError, type Subject } from './schema-error.ts';

/** The value of a map with defaults filled in, frozen; what does not fit is reported at the place it was written. */
export function validateParams(
  params: MapNode,
  validator: Validator,
  { subject, problems }: { subject: Subject; problems: Problems },
): Readonly<Record<string, Json>> {
  const first = validated(params, validator);
  const misread = first.errors.filter((error) => isLoose(params, error));
  const { value, errors } = misread.length === 0 ? first : validated(misread.reduce(reread, params), validator);
  for (const error of errors) {
    reportSchemaError(error, { params, subject, problems });
  }
  return deepFreeze(value);
}

function validated(params: MapNode, validator: Validator): { value: JsonObject; errors: readonly SchemaError[] } {
  const value = toJson(params) as JsonObject;
  return { value, errors: validator(value) };
}

/** A text from the environment, which knows no types, where a number or a truth value is asked for. */
function isLoose(params: MapNode, error: SchemaError): boolean {
  const { node, exact } = nodeAt(params, error.instancePath);
  return error.keyword === 'type' && exact && node.type === 'scalar' && node.loose === true;
}

/** The same tree with the text at the place of an error read as YAML reads it. */
function reread(params: MapNode, error: SchemaError): MapNode {
  const changed = replaceAt(params, error.instancePath.split('/').slice(1), (node) =>
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
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}

function deepFreeze<T extends Json>(value: T): T {
  if (value !== null && typeof value === 'object') {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
