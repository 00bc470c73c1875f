import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A place in the sources that says a failure: an object with a `code` and a `message`. */
export interface FailureSite {
  readonly code: string;
  /** The sentence with `...` for what is filled in. */
  readonly message: string;
  /** Relative to the package. */
  readonly file: string;
}

/** Every failure that the sources write down as a literal, by code. */
export function failureSites(root: string): FailureSite[] {
  return ['src', 'stages']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
    )
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .flatMap((file) => sitesIn(file, readFileSync(join(root, file), 'utf8')));
}

export function sitesIn(file: string, text: string): FailureSite[] {
  const sites: FailureSite[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const code = textOf(valueOf(node, 'code'));
      const message = textOf(valueOf(node, 'message'));
      if (code !== undefined && message !== undefined) sites.push({ code, message, file });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return sites;
}

function valueOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const property = object.properties.find(
    (each) => ts.isPropertyAssignment(each) && ts.isIdentifier(each.name) && each.name.text === name,
  );
  return property !== undefined && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}

function textOf(value: ts.Expression | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (ts.isStringLiteralLike(value)) return value.text;
  if (!ts.isTemplateExpression(value)) return undefined;
  return value.head.text + value.templateSpans.map(({ literal }) => `...${literal.text}`).join('');
}
