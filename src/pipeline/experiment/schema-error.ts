import type { ErrorObject } from 'ajv';
import type { Json } from '../../core/digest.ts';
import { failures, type Choice } from './failures.ts';
import { namesElsewhere } from './names-elsewhere.ts';
import { describe, nodeAt, pathOf, pointerTo, type MapNode, type Node } from './node.ts';
import { locate, type Problems, type Span } from './problems.ts';

/** One way in which a value does not fit its JSON schema. */
export type SchemaError = ErrorObject;

/** Whose parameters are checked. */
export interface Subject {
  /** What the mapping is called in errors: `stage "train"`. */
  readonly owner: string;
  /** Where something missing is reported. */
  readonly at: Span;
  /** Words apart from the parameters that an unknown one may be a typo of: the input ports. */
  readonly alternatives: readonly string[];
  /** The schema of all parameters: an unknown one may belong elsewhere in it. */
  readonly schema: Json;
}

export interface SchemaErrorContext {
  readonly params: MapNode;
  readonly subject: Subject;
  readonly problems: Problems;
}

/** Reports one error of a schema at the place of the value, in words of the experiment file. */
export function reportSchemaError(error: SchemaError, context: SchemaErrorContext): void {
  // That a branch does not fit is reported by the branch.
  if (error.keyword === 'if' || isInBroken(context.params, error)) return;
  if (error.keyword === 'additionalProperties') reportUnknown(error, context);
  else if (error.keyword === 'required') reportMissing(error, context);
  else reportBad(error, context);
}

/** A part that was reported already is null here: an error about that null would only repeat it. */
function isInBroken(params: MapNode, error: SchemaError): boolean {
  const { node } = nodeAt(params, error.instancePath);
  if (node.type === 'broken') return true;
  return (
    error.keyword === 'discriminator' &&
    node.type === 'map' &&
    [...node.entries.values()].some(({ value }) => value.type === 'broken')
  );
}

function reportUnknown(error: SchemaError, { params, subject, problems }: SchemaErrorContext): void {
  const name = factOf(error, 'additionalProperty');
  const inside = error.instancePath !== '';
  const known = inside ? propertiesOf(error) : [...propertiesOf(error), ...subject.alternatives];
  const { node, key } = nodeAt(params, pointerTo(error.instancePath, name));
  // Of another branch of the same choice, its list of names tells.
  const here = pathOf(pointerTo(error.instancePath, name));
  const elsewhere = namesElsewhere(subject.schema, name).filter((path) => path !== here);
  const facts = { owner: ownerOf(error, subject), name, known, elsewhere };
  problems.add(failures.unknownParam(facts, locate(key ?? node.at)));
}

function reportMissing(error: SchemaError, { params, subject, problems }: SchemaErrorContext): void {
  const { node, key } = nodeAt(params, error.instancePath);
  const at = error.instancePath === '' ? subject.at : (key ?? node.at);
  const facts = { owner: ownerOf(error, subject), name: factOf(error, 'missingProperty') };
  problems.add(failures.missingParam(facts, locate(at)));
}

function reportBad(error: SchemaError, { params, subject, problems }: SchemaErrorContext): void {
  const { pointer, expected } = expectation(error);
  const { node, exact } = nodeAt(params, pointer);
  // A choice without its tag is reported as missing already.
  if (!exact && error.keyword === 'discriminator') return;
  const facts = {
    what: `"${pathOf(pointer)}" of ${subject.owner}`,
    expected,
    found: describe(node),
    choice: choiceIn(node, error),
    usedAs: referenceTo(node),
    isOldBoolean: isOldBoolean(node, error),
  };
  problems.add(failures.badParam(facts, locate(node.at)));
}

function ownerOf({ instancePath }: SchemaError, { owner }: Subject): string {
  return instancePath === '' ? owner : `"${pathOf(instancePath)}" of ${owner}`;
}

/** What is written where a value is used, if it was written elsewhere. */
function referenceTo({ at, via }: Node): string | undefined {
  if (via === undefined || (via.source === at.source && via.start === at.start)) return undefined;
  return via.source.text.slice(via.start, via.end);
}

/** `yes` and `off` were truth values in YAML 1.1. */
function isOldBoolean(node: Node, error: SchemaError): boolean {
  if (error.keyword !== 'type' || !factOf(error, 'type').includes('boolean')) return false;
  return node.type === 'scalar' && /^(yes|no|on|off|y|n)$/i.test(String(node.value));
}

/** What a schema keyword asks for, in words, and of which value. */
export function expectation(error: SchemaError): { readonly pointer: string; readonly expected: string } {
  const pointer = error.instancePath;
  if (error.keyword !== 'discriminator') return { pointer, expected: expectedValue(error) };
  return {
    pointer: pointerTo(pointer, factOf(error, 'tag')),
    expected: `one of ${allowed(error).join(', ')}`,
  };
}

function expectedValue(error: SchemaError): string {
  const limit = factOf(error, 'limit');
  switch (error.keyword) {
    case 'type':
      return typeWords(error);
    case 'enum':
      return `one of ${allowed(error).join(', ')}`;
    case 'const':
      return allowed(error).join(', ');
    case 'minimum':
      return `at least ${limit}`;
    case 'maximum':
      return `at most ${limit}`;
    case 'exclusiveMinimum':
      return `greater than ${limit}`;
    case 'exclusiveMaximum':
      return `less than ${limit}`;
    case 'multipleOf':
      return `a multiple of ${factOf(error, 'multipleOf')}`;
    case 'minItems':
      return `a list of at least ${limit}`;
    case 'maxItems':
      return `a list of at most ${limit}`;
    case 'minProperties':
      return `a mapping of at least ${limit}`;
    case 'minLength':
      return `a string of at least ${limit} characters`;
    case 'uniqueItems':
      return 'a list without repetitions';
    case 'pattern':
      return inWords(error) ?? `a string of the form ${factOf(error, 'pattern')}`;
    default:
      return `as its schema states (${error.message ?? error.keyword})`;
  }
}

/** What a schema itself says of a pattern, under "expected". */
function inWords({ parentSchema }: SchemaError): string | undefined {
  const words: unknown = (parentSchema as Readonly<Record<string, unknown>> | undefined)?.['expected'];
  return typeof words === 'string' ? words : undefined;
}

function typeWords(error: SchemaError): string {
  const words: Record<string, string> = {
    integer: 'an integer',
    number: 'a number',
    string: 'a string',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
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
  const tag = factOf(error, 'tag');
  const branches = schema['oneOf'] as { properties: Record<string, { const?: Json; enum?: Json[] }> }[];
  return branches.flatMap(({ properties }) => (properties[tag]?.enum ?? [properties[tag]?.const ?? '']).map(asText));
}

/** The word that was found and those that are allowed, if the schema asks for one of several words. */
export function choiceIn(node: Node, error: SchemaError): Choice | undefined {
  const isChoice = error.keyword === 'enum' || error.keyword === 'discriminator';
  return isChoice && node.type === 'scalar' ? { name: String(node.value), known: allowed(error) } : undefined;
}

/** The keys of the mapping that an error is about. */
export function propertiesOf(error: SchemaError): string[] {
  return Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
}

/** What ajv tells about an error, as text. */
function factOf(error: SchemaError, name: string): string {
  return asText((error.params as Record<string, Json>)[name] ?? null);
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
