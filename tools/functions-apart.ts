import ts from 'typescript';

/** Names of the files of a module that is taken apart. */
export interface PartNames {
  readonly main: string;
  /** The file of a function. */
  readonly partOf: (name: string) => string;
}

/** Shorter ones are read sooner where they are than in a file of their own, in characters. */
const leastLength = 2000;

/** A statement of the module, and what it refers to among the names that the module declares. */
interface Declared {
  readonly text: string;
  readonly uses: readonly string[];
}

/**
 * Takes a CommonJS module of ajv apart: its functions, a branch of a choice each, go into files that are loaded when the
 * branch is first chosen. Of the parameters of `train`, which has twenty losses and forty networks, an experiment chooses
 * one of each, and reading the code of all of them takes a twentieth of a run that has nothing to do.
 */
export function functionsApart(module: string, names: PartNames): ReadonlyMap<string, string> {
  const source = ts.createSourceFile(names.main, module, ts.ScriptTarget.ES2022, true);
  const declared = declarationsOf(source);
  const [root] = [...declared.keys()].filter((name) => module.includes(`module.exports = ${name};`));
  const apart = [...declared].filter(
    ([name, { text }]) => name !== root && text.startsWith('function ') && text.length >= leastLength,
  );
  const stubs = new Map(apart.map(([name]) => [name, stubOf(name, names.partOf(name))]));
  const files = new Map<string, string>();
  const moduleText = (entry: string): string => {
    const needed = new Set([entry]);
    for (const name of needed) {
      if (name === entry || !stubs.has(name)) for (const used of declared.get(name)?.uses ?? []) needed.add(used);
    }
    const texts = [...needed].map((name) => (name === entry ? undefined : stubs.get(name)) ?? declared.get(name)?.text);
    return `"use strict";module.exports = ${entry};${texts.join('')}`;
  };
  for (const [name] of apart) files.set(names.partOf(name), moduleText(name));
  if (root === undefined) throw new Error(`${names.main} exports nothing that it declares`);
  return files.set(names.main, moduleText(root));
}

/** What the module declares, by name; assignments to a property of a name belong to it. */
function declarationsOf(source: ts.SourceFile): Map<string, Declared> {
  const texts = new Map<string, string>();
  const statements = new Map<string, ts.Statement[]>();
  for (const statement of source.statements) {
    const name = nameOf(statement);
    if (name === undefined) continue;
    texts.set(name, (texts.get(name) ?? '') + statement.getText());
    statements.set(name, [...(statements.get(name) ?? []), statement]);
  }
  const known = new Set(texts.keys());
  return new Map(
    [...texts].map(([name, text]) => [
      name,
      { text, uses: (statements.get(name) ?? []).flatMap((each) => usesOf(each, known)) },
    ]),
  );
}

function nameOf(statement: ts.Statement): string | undefined {
  if (ts.isFunctionDeclaration(statement)) return statement.name?.text;
  if (ts.isVariableStatement(statement)) {
    const [declaration] = statement.declarationList.declarations;
    return declaration !== undefined && ts.isIdentifier(declaration.name) ? declaration.name.text : undefined;
  }
  if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return undefined;
  const { left } = statement.expression;
  const target = ts.isPropertyAccessExpression(left) ? left.expression : undefined;
  return target !== undefined && ts.isIdentifier(target) && target.text !== 'module' ? target.text : undefined;
}

function usesOf(statement: ts.Statement, known: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && known.has(node.text)) found.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(statement);
  return [...found];
}

/** A function in the place of one that is in a file of its own, with what ajv reads of it: its errors. */
function stubOf(name: string, file: string): string {
  return (
    `function ${name}(data, context){const validate = require("./${file}");const valid = validate(data, context);` +
    `${name}.errors = validate.errors;return valid;}`
  );
}
