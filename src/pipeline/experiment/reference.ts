/** What may stand between `${` and `}`. */
export type Reference =
  | { readonly type: 'params'; readonly path: readonly string[] }
  | { readonly type: 'matrix'; readonly path: readonly string[] }
  | { readonly type: 'env'; readonly name: string; readonly fallback?: string }
  | { readonly type: 'secret'; readonly name: string }
  | { readonly type: 'stage-matrix'; readonly stage: string }
  | { readonly type: 'seed' }
  | { readonly type: 'run-name' }
  | OutputReference;

export interface OutputReference {
  readonly type: 'output';
  readonly stage: string;
  /** What stands in brackets after the stage: `*`, `lfw`, or `set=lfw,size=112`. */
  readonly instance?: string;
  readonly output: string;
}

/** A piece of a text: written out, or a reference (`written` is its text with the braces, `offset` its place in the text). */
export type TextPart =
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'reference'; readonly written: string; readonly offset: number; readonly reference: Reference }
  | { readonly type: 'malformed'; readonly written: string; readonly offset: number; readonly problem: string };

/** What references look like, for hints. */
export const referenceForms =
  '${params.NAME}, ${stages.STAGE.outputs.PORT}, ${matrix.NAME}, ${env.NAME:-default}, ${seed} or ${run.name}';

/** Splits a text into literals and references. `$${` stands for a literal `${`. Nothing is evaluated. */
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
