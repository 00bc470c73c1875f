import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { failureSites } from '../tools/generate/failure-sites.ts';
import { failures, warnings } from '../src/pipeline/experiment/failures.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What compares a whole text. */
const matchers: ReadonlySet<string> = new Set(['toBe', 'toEqual', 'toMatchInlineSnapshot']);

/** The codes of docs/errors.md besides those of experiments, which the documentation shows with their texts. */
function codes(): string[] {
  const inExperiments = new Set([...Object.values(failures), ...Object.values(warnings)].map(({ code }) => code));
  const all = new Set(failureSites(root).map(({ code }) => code));
  return [...all].filter((code) => !inExperiments.has(code)).sort();
}

/** Codes in the texts that tests compare: a failure is printed as `code: sentence`, mostly behind its place. */
function shownCodes(): ReadonlySet<string> {
  const folder = join(root, 'test');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  const texts = files.flatMap((path) => comparedTexts(path, readFileSync(join(folder, path), 'utf8')));
  return new Set(
    texts.flatMap((text) => Array.from(text.matchAll(/(?<![\w-])([a-z][a-z-]+): (?=\S)/g), ([, code]) => code ?? '')),
  );
}

function comparedTexts(file: string, source: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node, isCompared: boolean): void => {
    if (isCompared && ts.isTemplateExpression(node)) texts.push(node.getText());
    if (isCompared && ts.isStringLiteralLike(node)) texts.push(node.text);
    const compares = ts.isCallExpression(node) && isMatcher(node.expression);
    ts.forEachChild(node, (child) => {
      visit(child, isCompared || (compares && child !== node.expression));
    });
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true), false);
  return texts;
}

function isMatcher(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && matchers.has(callee.name.text);
}

test('every code of docs/errors.md is in a test that compares what is printed', () => {
  const shown = shownCodes();
  expect(codes().filter((code) => !shown.has(code))).toEqual([]);
});
