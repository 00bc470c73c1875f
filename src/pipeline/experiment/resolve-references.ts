import { failures } from './failures.ts';
import { asText, describe, mapLeaves, originOf, type Node, type OutputReference, type ScalarNode } from './node.ts';
import { locate, type Problems, type Span } from './problems.ts';

/** What may be between `${` and `}`. */
export type Reference =
  | { readonly type: 'params'; readonly path: readonly string[] }
  | { readonly type: 'matrix'; readonly path: readonly string[] }
  | { readonly type: 'env'; readonly name: string; readonly fallback?: string }
  | { readonly type: 'secret'; readonly name: string }
  | { readonly type: 'stage-matrix'; readonly stage: string }
  | { readonly type: 'seed' }
  | { readonly type: 'run-name' }
  | OutputReference;

/**
 * What references mean at one place of the file. Reports a reference to something that does not exist, and returns a
 * broken node for it.
 */
export type ResolveReference = (reference: Reference, at: Span) => Node;

/** Replaces every reference in a tree. A string that is one reference takes the type of what it refers to. */
export function resolveReferences(node: Node, resolveReference: ResolveReference, problems: Problems): Node {
  const tools = { resolveReference, problems };
  return mapLeaves(node, (leaf) =>
    leaf.type === 'scalar' && typeof leaf.value === 'string' && leaf.value.includes('${')
      ? resolveText(leaf, leaf.value, tools)
      : leaf,
  );
}

interface Tools {
  readonly resolveReference: ResolveReference;
  readonly problems: Problems;
}

function resolveText(node: ScalarNode, text: string, tools: Tools): Node {
  const parts = parseText(text);
  const [only] = parts;
  if (parts.length === 1 && only?.type === 'reference') {
    const at = placeOf(only, node);
    const target = tools.resolveReference(only.reference, at);
    return { ...target, via: at };
  }
  let joined = '';
  let secret = false;
  let partFrom: Span | undefined;
  for (const part of parts) {
    const piece: Piece | undefined = part.type === 'literal' ? part : resolvePiece(part, node, tools);
    if (piece === undefined) return { type: 'broken', at: node.at };
    joined += piece.text;
    secret ||= piece.secret === true;
    if (piece.from !== undefined && piece.from.source !== node.at.source) partFrom = piece.from;
  }
  return { ...node, value: joined, ...(secret ? { secret } : {}), ...(partFrom && { partFrom }) };
}

interface Piece {
  readonly text: string;
  readonly secret?: boolean;
  readonly from?: Span;
}

/** A reference that is embedded in a longer string, as text. */
function resolvePiece(
  part: Exclude<TextPart, { type: 'literal' }>,
  node: ScalarNode,
  { resolveReference, problems }: Tools,
): Piece | undefined {
  const at = placeOf(part, node);
  const { written } = part;
  if (part.type === 'malformed') {
    problems.add(failures.badReference({ written, problem: part.problem }, locate(at)));
    return undefined;
  }
  const target = resolveReference(part.reference, at);
  if (target.type === 'broken') return undefined;
  if (target.type === 'scalar' && target.value !== null) {
    return { text: asText(target, problems), secret: target.secret === true, from: originOf(target) };
  }
  problems.add(
    target.type === 'output'
      ? failures.embeddedOutput({ written }, locate(at))
      : failures.embeddedValue({ written, found: describe(target) }, locate(at)),
  );
  return undefined;
}

/** The characters of a reference. Quoting and folding may move them, so they are searched for where the value was written. */
function placeOf(part: Exclude<TextPart, { type: 'literal' }>, node: ScalarNode): Span {
  const { source, start, end } = node.at;
  const found = source.text.indexOf(part.written, start + part.offset);
  if (found === -1 || found + part.written.length > end) return node.at;
  return { source, start: found, end: found + part.written.length };
}

/** A piece of a string: written out, or a reference (`written` is its text with the braces, `offset` its place in the string). */
export type TextPart =
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'reference'; readonly written: string; readonly offset: number; readonly reference: Reference }
  | { readonly type: 'malformed'; readonly written: string; readonly offset: number; readonly problem: Malformation };

type Malformation = 'is not a reference' | 'has no closing brace';

/** Splits a string into literals and references. `$${` is a literal `${`. Nothing is evaluated. */
export function parseText(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let literal = '';
  let position = 0;
  while (position < text.length) {
    const start = text.indexOf('${', position);
    if (start === -1) break;
    if (start > position && text[start - 1] === '$') {
      literal += text.slice(position, start - 1) + '${';
      position = start + 2;
      continue;
    }
    literal += text.slice(position, start);
    const part = parseReferenceAt(text, start);
    if (literal !== '') parts.push({ type: 'literal', text: literal });
    literal = '';
    parts.push(part);
    position = start + part.written.length;
  }
  literal += text.slice(position);
  if (literal !== '' || parts.length === 0) parts.push({ type: 'literal', text: literal });
  return parts;
}

function parseReferenceAt(text: string, offset: number): Exclude<TextPart, { type: 'literal' }> {
  const end = text.indexOf('}', offset);
  if (end === -1) {
    return { type: 'malformed', written: text.slice(offset), offset, problem: 'has no closing brace' };
  }
  const written = text.slice(offset, end + 1);
  const reference = parseReference(written.slice(2, -1).trim());
  if (reference !== undefined) return { type: 'reference', written, offset, reference };
  return { type: 'malformed', written, offset, problem: 'is not a reference' };
}

const name = '[A-Za-z_][A-Za-z0-9_-]*';
const patterns = {
  path: new RegExp(`^(params|matrix)\\.([A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*)$`),
  env: /^env\.([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s,
  secret: /^secret\.([A-Za-z_][A-Za-z0-9_]*)$/,
  stageMatrix: new RegExp(`^stages\\.(${name})\\.matrix$`),
  output: new RegExp(`^stages\\.(${name})(?:\\[([^\\]]*)\\])?\\.outputs\\.(${name})$`),
};

function parseReference(body: string): Reference | undefined {
  if (body === 'seed') return { type: 'seed' };
  if (body === 'run.name') return { type: 'run-name' };
  const [, root, path] = patterns.path.exec(body) ?? [];
  if (root !== undefined && path !== undefined) {
    return { type: root === 'params' ? 'params' : 'matrix', path: path.split('.') };
  }
  const [, variable, fallback] = patterns.env.exec(body) ?? [];
  if (variable !== undefined) {
    return fallback === undefined ? { type: 'env', name: variable } : { type: 'env', name: variable, fallback };
  }
  const [, secret] = patterns.secret.exec(body) ?? [];
  if (secret !== undefined) return { type: 'secret', name: secret };
  const [, fannedOut] = patterns.stageMatrix.exec(body) ?? [];
  if (fannedOut !== undefined) return { type: 'stage-matrix', stage: fannedOut };
  return parseOutput(body);
}

function parseOutput(body: string): OutputReference | undefined {
  const [, stage, instance, output] = patterns.output.exec(body) ?? [];
  if (stage === undefined || output === undefined) return undefined;
  return instance === undefined ? { type: 'output', stage, output } : { type: 'output', stage, instance, output };
}
