import { dirname } from 'node:path';
import ts from 'typescript';
import type { Registration } from './part.ts';

/** A name that stands there already. */
export class NameTaken extends Error {}

/** The source with the entry in its literal, and with the import. It may have to be formatted. */
export function register(source: string, { path, literal, entry, place, from }: Registration): string {
  const tree = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found = literalOf(tree, literal);
  if (found === undefined) throw new Error(`${path} has no object or array literal "${literal}"`);
  const elements = ts.isArrayLiteralExpression(found) ? found.elements : found.properties;
  const keys = elements.map((element) => keyOf(element));
  const key = /^[\w'-]+/.exec(entry)?.[0] ?? '';
  if (ts.isObjectLiteralExpression(found) && keys.includes(key)) throw new NameTaken(`${path} has ${key} already`);
  const next = nextOf(keys, key, place);
  const at = next === undefined ? elements.end : (elements[next]?.getFullStart() ?? elements.end);
  const comma = next === undefined && elements.length > 0 && !elements.hasTrailingComma ? ',' : '';
  const withEntry = `${source.slice(0, at)}${comma}\n${entry},${source.slice(at)}`;
  return from === undefined ? withEntry : withImport(withEntry, tree, from);
}

/** Position of the element before which the new one stands; undefined: at the end. */
function nextOf(keys: readonly string[], key: string, place: Registration['place']): number | undefined {
  if (place === 'last') return undefined;
  const bare = (text: string): string => text.replaceAll("'", '');
  const index =
    place === 'sorted'
      ? keys.findIndex((other) => bare(other) > bare(key))
      : keys.findIndex((other) => bare(other) === place.before);
  if (index < 0 && place !== 'sorted') throw new Error(`there is no ${place.before} to stand before`);
  return index < 0 ? undefined : index;
}

function keyOf(element: ts.Node): string {
  return ts.isObjectLiteralElement(element) ? (element.name?.getText() ?? '') : '';
}

type Literal = ts.ObjectLiteralExpression | ts.ArrayLiteralExpression;

function literalOf(tree: ts.SourceFile, name: string): Literal | undefined {
  for (const statement of tree.statements) {
    if (ts.isVariableStatement(statement)) {
      const declared = statement.declarationList.declarations.find((each) => each.name.getText() === name);
      if (declared !== undefined) return bareLiteral(declared.initializer);
    }
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) {
      return bareLiteral(statement.body?.statements.find((each) => ts.isReturnStatement(each))?.expression);
    }
  }
  return undefined;
}

/** Without `as const` and `satisfies`. */
function bareLiteral(expression: ts.Expression | undefined): Literal | undefined {
  if (expression === undefined) return undefined;
  if (ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression)) return bareLiteral(expression.expression);
  return ts.isObjectLiteralExpression(expression) || ts.isArrayLiteralExpression(expression) ? expression : undefined;
}

/** The import among those from the same folder, in their order. All imports of `tree` stand before what has changed. */
function withImport(source: string, tree: ts.SourceFile, statement: string): string {
  const folderOf = (text: string): string => dirname(/'([^']+)';?\s*$/.exec(text)?.[1] ?? '');
  const imports = tree.statements.filter((each) => ts.isImportDeclaration(each));
  const identifier = /\{ (\w+)/.exec(statement)?.[1] ?? '';
  if (namesIn(tree).has(identifier)) throw new NameTaken(`${tree.fileName} has a ${identifier} already`);
  const near = imports.filter((each) => folderOf(each.getText()) === folderOf(statement));
  const next = near.find((each) => each.getText() > statement);
  const after = near.at(-1) ?? imports.at(-1);
  const at = next === undefined ? (after?.getEnd() ?? 0) : next.getStart();
  return next === undefined
    ? `${source.slice(0, at)}\n${statement}${source.slice(at)}`
    : `${source.slice(0, at)}${statement}\n${source.slice(at)}`;
}

/** What the file imports and declares. */
function namesIn(tree: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportSpecifier(node) || ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node)) {
      if (node.name !== undefined) names.add(node.name.getText());
    }
    if (!ts.isFunctionDeclaration(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(tree, visit);
  return names;
}
