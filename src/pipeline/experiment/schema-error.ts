import type { Json } from '../../core/digest.ts';
import { suggestion } from './map-reader.ts';
import { describe, nodeAt, type MapNode, type Node } from './node.ts';
import type { SchemaError } from './params-validator.ts';
import type { Problems } from './problems.ts';
import type { Span } from './source-text.ts';

export interface Subject {
  /** What the map is called in errors: `stage "train"`. */
  readonly owner: string;
  /** Where something missing is complained about. */
  readonly at: Span;
  /** Words besides the parameters that an unknown word may be a slip of: the input ports. */
  readonly alternatives: readonly string[];
}

export interface SchemaErrorContext {
  readonly params: MapNode;
  readonly subject: Subject;
  readonly problems: Problems;
}

/** A part that was reported already is null here; complaints about that null would only repeat it. */
function hidesInBroken(params: MapNode, error: SchemaError): boolean {
  const { node } = nodeAt(params, error.instancePath);
  if (node.type === 'broken') return true;
  return (
    error.keyword === 'discriminator' &&
    node.type === 'map' &&
    [...node.entries.values()].some(({ value }) => value.type === 'broken')
  );
}

/** Reports one error of a schema at the place of the value, in words of the experiment file. */
export function reportSchemaError(error: SchemaError, context: SchemaErrorContext): void {
  if (hidesInBroken(context.params, error)) return;
  if (error.keyword === 'additionalProperties') reportUnknown(error, context);
  else if (error.keyword === 'required') reportMissing(error, context);
  else reportBad(error, context);
}

function reportUnknown(error: SchemaError, { params, subject, problems }: SchemaErrorContext): void {
  const name = paramOf(error, 'additionalProperty');
  const inside = pathOf(error.instancePath);
  const known = propertiesOf(error);
  const candidates = inside === '' ? [...known, ...subject.alternatives] : known;
  const { node, key } = nodeAt(params, `${error.instancePath}/${escape(name)}`);
  const owner =
    inside === '' ? `${subject.owner} has no parameter` : `"${inside}" of ${subject.owner} has no parameter`;
  problems.add({
    code: 'unknown-param',
    message: `${owner} "${name}"${suggestion(name, candidates)}`,
    at: key ?? node.at,
    hint: candidates.length > 0 ? `It has: ${candidates.join(', ')}.` : undefined,
  });
}

function reportMissing(error: SchemaError, { params, subject, problems }: SchemaErrorContext): void {
  const name = paramOf(error, 'missingProperty');
  const inside = pathOf(error.instancePath);
  const { node, key } = nodeAt(params, error.instancePath);
  const owner = inside === '' ? subject.owner : `"${inside}" of ${subject.owner}`;
  problems.add({
    code: 'missing-param',
    message: `${owner} needs the parameter "${name}"`,
    at: inside === '' ? subject.at : (key ?? node.at),
  });
}

function reportBad(error: SchemaError, { params, subject, problems }: SchemaErrorContext): void {
  const { pointer, expected } = expectation(error);
  const { node, exact } = nodeAt(params, pointer);
  // A choice without its tag is reported as missing already.
  if (!exact && error.keyword === 'discriminator') return;
  problems.add({
    code: 'bad-param',
    message: `"${pathOf(pointer)}" of ${subject.owner} must be ${expected}, found ${describe(node)}${slip(node, error)}${usedAs(node)}`,
    at: node.at,
    hint: yamlBoolean(node, error),
  });
}

function usedAs({ at, via }: Node): string {
  if (via === undefined || (via.source === at.source && via.start === at.start)) return '';
  return ` (used as ${via.source.text.slice(via.start, via.end)})`;
}

/** What a schema keyword asks for, in words, and of which value. */
export function expectation(error: SchemaError): { pointer: string; expected: string } {
  const pointer = error.instancePath;
  const limit = paramOf(error, 'limit');
  switch (error.keyword) {
    case 'type':
      return { pointer, expected: typeWords(error) };
    case 'enum':
      return { pointer, expected: `one of ${allowed(error).join(', ')}` };
    case 'const':
      return { pointer, expected: allowed(error).join(', ') };
    case 'discriminator':
      return {
        pointer: `${pointer}/${paramOf(error, 'tag')}`,
        expected: `one of ${allowed(error).join(', ')}`,
      };
    case 'minimum':
      return { pointer, expected: `at least ${limit}` };
    case 'maximum':
      return { pointer, expected: `at most ${limit}` };
    case 'exclusiveMinimum':
      return { pointer, expected: `greater than ${limit}` };
    case 'exclusiveMaximum':
      return { pointer, expected: `less than ${limit}` };
    case 'multipleOf':
      return { pointer, expected: `a multiple of ${paramOf(error, 'multipleOf')}` };
    case 'minItems':
      return { pointer, expected: `a list of at least ${limit}` };
    case 'maxItems':
      return { pointer, expected: `a list of at most ${limit}` };
    case 'minProperties':
      return { pointer, expected: `a map of at least ${limit}` };
    case 'minLength':
      return { pointer, expected: `a text of at least ${limit} characters` };
    case 'uniqueItems':
      return { pointer, expected: 'a list without repetitions' };
    case 'pattern':
      return { pointer, expected: `a text of the form ${paramOf(error, 'pattern')}` };
    default:
      return { pointer, expected: `as its schema says (${error.message ?? error.keyword})` };
  }
}

function typeWords(error: SchemaError): string {
  const words: Record<string, string> = {
    integer: 'a whole number',
    number: 'a number',
    string: 'a text',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
    null: 'nothing',
  };
  const { type } = error.params as { type: string | readonly string[] };
  return [type]
    .flat()
    .map((name) => words[name] ?? name)
    .join(' or ');
}

/** The values that `enum`, `const` or the tag of a discriminated union allow. */
function allowed(error: SchemaError): string[] {
  const schema = (error.parentSchema ?? {}) as Readonly<Record<string, Json>>;
  if (error.keyword === 'enum') return (schema['enum'] as Json[]).map(asText);
  if (error.keyword === 'const') return [asText(schema['const'] ?? null)];
  const tag = paramOf(error, 'tag');
  const branches = schema['oneOf'] as { properties: Record<string, { const?: Json; enum?: Json[] }> }[];
  return branches.flatMap(({ properties }) => (properties[tag]?.enum ?? [properties[tag]?.const ?? '']).map(asText));
}

/** What was probably meant, where one of several words is asked for. */
export function slip(node: Node, error: SchemaError): string {
  const choice = error.keyword === 'enum' || error.keyword === 'discriminator';
  return choice && node.type === 'scalar' ? suggestion(String(node.value), allowed(error)) : '';
}

function yamlBoolean(node: Node, error: SchemaError): string | undefined {
  if (error.keyword !== 'type' || !paramOf(error, 'type').includes('boolean')) return undefined;
  const isOldBoolean = node.type === 'scalar' && /^(yes|no|on|off|y|n)$/i.test(String(node.value));
  return isOldBoolean ? 'In YAML 1.2 only true and false are truth values.' : undefined;
}

/** The keys of the map that an error is about. */
export function propertiesOf(error: SchemaError): string[] {
  return Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
}

function paramOf(error: SchemaError, name: string): string {
  return asText((error.params as Record<string, Json>)[name] ?? null);
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `/loss/margin` as `loss.margin`. */
function pathOf(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.');
}

function escape(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}
