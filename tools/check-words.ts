import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageFolder } from '../src/core/package-folder.ts';

/**
 * `npm run check:words [-- PATH...]`: looks for the words of docs/words.json that have a better one, in comments and
 * strings of code and in the prose of Markdown and stage.json. A line that needs such a word ends with `words: quoted`.
 */

interface ForbiddenWord {
  readonly find: string;
  readonly instead: string;
  /** Only in comments and messages of code, not in documentation. */
  readonly where?: 'code';
}

const exempt = 'words: quoted';

/** Lists the words themselves. */
const quoting = ['docs/glossary.md'];

const { forbidden } = JSON.parse(readFileSync(join(packageFolder(), 'docs/words.json'), 'utf8')) as {
  readonly forbidden: readonly ForbiddenWord[];
};

function filesIn(path: string): string[] {
  if (!existsSync(path)) {
    console.error(`there is no file or folder ${path}`);
    process.exit(2);
  }
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((name) => statSync(name).isFile() && !name.includes('/fixtures/') && !quoting.includes(name));
}

/** Line number from 1 and text of everything a person reads. */
function* readable(file: string, source: string): Generator<[number, string]> {
  if (file.endsWith('.md')) yield* prose(source);
  else if (file.endsWith('stage.json')) yield* manifest(source);
  else if (/\.(ts|mjs)$/.test(file)) yield* commentsAndStrings(file, source);
}

function* numbered(source: string): Generator<[number, string]> {
  for (const [index, line] of source.split('\n').entries()) yield [index + 1, line];
}

/** Without the summary: it is part of the lineage that reports read, and so of their keys. */
function* manifest(source: string): Generator<[number, string]> {
  for (const [number, line] of numbered(source)) if (!line.startsWith('  "summary"')) yield [number, line];
}

function* prose(source: string): Generator<[number, string]> {
  let isCode = false;
  for (const [number, line] of numbered(source)) {
    if (/^\s*```/.test(line)) isCode = !isCode;
    else if (!isCode && !/^ {4}/.test(line)) yield [number, line.replaceAll(/`[^`]*`/g, '')];
  }
}

function* commentsAndStrings(file: string, source: string): Generator<[number, string]> {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => tree.getLineAndCharacterOfPosition(position).line + 1;
  const found: [number, string][] = [];
  const visit = (node: ts.Node): void => {
    const isPath = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
    if (isPath) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (/\s/.test(node.text)) found.push([lineOf(node.getStart()), node.text]);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  for (const { pos, end } of commentsOf(source, tree)) {
    for (const [index, line] of source.slice(pos, end).split('\n').entries()) {
      found.push([lineOf(pos) + index, line.replaceAll(/`[^`]*`/g, '')]);
    }
  }
  yield* found.sort(([a], [b]) => a - b);
}

function commentsOf(source: string, tree: ts.SourceFile): ts.CommentRange[] {
  const ranges = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []) ranges.set(range.pos, range);
    for (const range of ts.getTrailingCommentRanges(source, node.getEnd()) ?? []) ranges.set(range.pos, range);
    node.getChildren(tree).forEach(visit);
  };
  visit(tree);
  return [...ranges.values()];
}

function findings(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const lines = source.split('\n');
  const isCode = /\.(ts|mjs)$/.test(file);
  return [...readable(file, source)].flatMap(([line, text]) => {
    if (lines[line - 1]?.includes(exempt) === true) return [];
    return forbidden
      .filter(({ where }) => where !== 'code' || isCode)
      .flatMap(({ find, instead }) => {
        const match = new RegExp(find, 'i').exec(text);
        return match === null ? [] : [`${file}:${line} "${match[0]}": better ${instead}`];
      });
  });
}

const paths = process.argv.slice(2);
const all = (paths.length > 0 ? paths : ['src', 'stages', 'tools', 'setup', 'docs', 'README.md', 'CONTRIBUTING.md'])
  .flatMap(filesIn)
  .flatMap(findings);
for (const finding of all) console.log(finding);
if (all.length > 0) console.log(`${all.length} words that have a better one`);
process.exitCode = all.length > 0 ? 1 : 0;
