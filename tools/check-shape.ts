import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { packageFolder } from '../src/core/package-folder.ts';
import { sourceFiles } from './source-files.ts';

/**
 * `npm run check:shape [-- FOLDER]`: measures what reading the code depends on, in `src` and `stages` of the repository (or of
 * another one at FOLDER), and fails above the limits.
 */

interface Limit {
  readonly what: string;
  readonly limit: number;
  readonly found: readonly string[];
}

const mostPositional = 3;

class Survey {
  readonly casts: string[] = [];
  readonly positional: string[] = [];
  longest = { lines: 0, where: '' };
  readonly lines: number[] = [];

  file(path: string, source: string): void {
    this.lines.push(source.split('\n').length);
    const tree = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
    const lineOf = (position: number): number => tree.getLineAndCharacterOfPosition(position).line + 1;
    const visit = (node: ts.Node): void => {
      if (isDoubleCast(node)) this.casts.push(`${path}:${lineOf(node.getStart())}`);
      if (ts.isFunctionLike(node)) this.#function(node, `${path}:${lineOf(node.getStart())}`, lineOf);
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }

  #function(node: ts.SignatureDeclaration, where: string, lineOf: (position: number) => number): void {
    if (!('body' in node) || node.body === undefined) return;
    if (node.parameters.length > mostPositional) this.positional.push(where);
    const lines = lineOf(node.getEnd()) - lineOf(node.getStart()) + 1;
    if (lines > this.longest.lines) this.longest = { lines, where };
  }
}

/** `x as unknown as T`: the compiler is told to look away. */
function isDoubleCast(node: ts.Node): boolean {
  return (
    ts.isAsExpression(node) &&
    ts.isAsExpression(node.expression) &&
    node.expression.type.kind === ts.SyntaxKind.UnknownKeyword
  );
}

function survey(root: string): Survey {
  const result = new Survey();
  for (const path of sourceFiles(root, ['src', 'stages'])) result.file(path, readFileSync(join(root, path), 'utf8'));
  return result;
}

const root = resolve(process.argv[2] ?? packageFolder());
if (!existsSync(join(root, 'src'))) {
  console.error(`${root} is not a checkout of faceflow: it has no folder src`);
  process.exit(2);
}
const { casts, positional, longest, lines } = survey(root);
const sorted = lines.sort((a, b) => a - b);
console.log(
  `files ${sorted.length}, lines ${sorted.reduce((sum, count) => sum + count, 0)}, of a file at the median ${sorted[Math.floor(sorted.length / 2)] ?? 0}`,
);
const limits: readonly Limit[] = [
  { what: '"as unknown as"', limit: 5, found: casts },
  { what: `functions with more than ${mostPositional} positional parameters`, limit: 20, found: positional },
];
for (const { what, limit, found } of limits) {
  console.log(`${what}: ${found.length}, at most ${limit}`);
  if (found.length > limit) for (const where of found) console.log(`  ${where}`);
}
console.log(`longest function: ${longest.lines} lines, at most 60 (${longest.where})`);
process.exitCode = limits.some(({ limit, found }) => found.length > limit) || longest.lines > 60 ? 1 : 0;
