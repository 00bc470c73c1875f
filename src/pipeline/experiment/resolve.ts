import { describe, mapLeaves, originOf, type Node, type ScalarNode } from './node.ts';
import type { Problems } from './problems.ts';
import { parseText, referenceForms, type Reference, type TextPart } from './reference.ts';
import type { Span } from './source-text.ts';

/** What references mean at one place of the file. Reports a reference to nothing itself and gives a broken node for it. */
export type LookUp = (reference: Reference, at: Span) => Node;

/** Replaces every reference in a tree. A text that is one reference takes the type of what it refers to. */
export function resolveReferences(node: Node, lookUp: LookUp, problems: Problems): Node {
  const tools = { lookUp, problems };
  return mapLeaves(node, (leaf) =>
    leaf.type === 'scalar' && typeof leaf.value === 'string' && leaf.value.includes('${')
      ? resolveText(leaf, leaf.value, tools)
      : leaf,
  );
}

interface Tools {
  readonly lookUp: LookUp;
  readonly problems: Problems;
}

function resolveText(node: ScalarNode, text: string, tools: Tools): Node {
  const parts = parseText(text);
  const [only] = parts;
  if (parts.length === 1 && only?.type === 'reference') {
    const at = placeOf(only, node);
    const target = tools.lookUp(only.reference, at);
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

/** A reference within a longer text, as text. */
function resolvePiece(
  part: Exclude<TextPart, { type: 'literal' }>,
  node: ScalarNode,
  { lookUp, problems }: Tools,
): Piece | undefined {
  const at = placeOf(part, node);
  if (part.type === 'malformed') {
    problems.add({
      code: 'bad-reference',
      message: `"${part.written}" ${part.problem}`,
      at,
      hint: `References are ${referenceForms}. Write $\${ for a literal \${.`,
    });
    return undefined;
  }
  const target = lookUp(part.reference, at);
  if (target.type === 'broken') return undefined;
  if (target.type === 'scalar' && target.value !== null)
    return { text: String(target.value), secret: target.secret === true, from: originOf(target) };
  if (target.type === 'output') {
    problems.add({
      code: 'misplaced-output',
      message: `${part.written} stands within a longer text; an output can only be a whole value`,
      at,
    });
  } else {
    problems.add({
      code: 'bad-reference',
      message: `${part.written} stands within a longer text, but is ${describe(target)}`,
      at,
    });
  }
  return undefined;
}

/** The characters of a reference. Quoting and folding may move them, so they are looked for where the value was written. */
function placeOf(part: Exclude<TextPart, { type: 'literal' }>, node: ScalarNode): Span {
  const { source, start, end } = node.at;
  const found = source.text.indexOf(part.written, start + part.offset);
  if (found === -1 || found + part.written.length > end) return node.at;
  return { source, start: found, end: found + part.written.length };
}
