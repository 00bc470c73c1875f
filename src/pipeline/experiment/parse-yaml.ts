import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { Alias, Document, Node as YamlNode, Pair, YAMLError, YAMLMap } from 'yaml';
import type { Failure } from '../../core/failure.ts';
import { digestOf, type Digest } from '../../core/digest.ts';
import { failures } from './failures.ts';
import type { Entry, MapNode, Node } from './node.ts';
import { locate, type Problems, type SourceText, type Span } from './problems.ts';

/** Values that aliases may add to a file; a "billion laughs" file of a few lines would make 10^9. */
const maxAliasedNodes = 100_000;

/** Levels of values in values: more than any experiment has, and fewer than the stack of any machine takes. */
const maxDepth = 200;

/** Loaded when the first text is parsed: if the trees of all files are known, none is. */
let library: typeof Yaml | undefined;

function yaml(): typeof Yaml {
  library ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return library;
}

/**
 * Reads YAML 1.2 (or JSON, its subset) into values with places, from character `from` on. Undefined if there is no
 * value, or if mistakes left nothing to work with.
 */
export function parseYaml(source: SourceText, problems: Problems, from = 0): Node | undefined {
  // Blanks instead of what is before it, so that places in the document are places in the source.
  const text = ' '.repeat(from) + source.text.slice(from);
  const document = yaml().parseDocument(text, {
    version: '1.2',
    schema: 'core',
    // Looking for each key among all before it, as the library does, takes seconds for 10,000 stages.
    uniqueKeys: false,
    prettyErrors: false,
    // At `silent` a second document would be dropped without an error.
    logLevel: 'error',
  });
  if (document.errors.length > 0) {
    reportSyntax(document.errors, source, problems);
    return undefined;
  }
  const content: YamlNode | null = document.contents;
  if (content === null || (yaml().isScalar(content) && content.value === null)) return undefined;
  return new Converter(source, document, problems).convert(content);
}

/** Once the structure is lost, everything after it is an error: only the first of that sort is of use. */
function reportSyntax(errors: readonly YAMLError[], source: SourceText, problems: Problems): void {
  const derailing = errors.find(({ code }) => code !== 'TAB_AS_INDENT');
  for (const error of errors) {
    if (error.code === 'TAB_AS_INDENT' || error === derailing) reportError(error, source, problems);
  }
}

function reportError(error: YAMLError, source: SourceText, problems: Problems): void {
  const at = source.locate(error.pos[0], error.pos[1]);
  if (error.code === 'TAB_AS_INDENT') problems.add(failures.yamlTab({}, at));
  else if (error.code === 'MULTIPLE_DOCS') problems.add(failures.secondDocument({}, at));
  // The parser calls itself for each level.
  else if (/call stack/i.test(error.message)) problems.add(failures.tooDeep({ maxDepth }, at));
  else {
    problems.add(failures.yamlSyntax({ problem: error.message, unquoted: hasBareReference(at.sourceLine ?? '') }, at));
  }
}

/** Whether a line has a reference outside of quotes behind a bracket or comma; in time that grows as the line does. */
function hasBareReference(line: string): boolean {
  return line.split(/["']/).some((part) => {
    const opened = part.search(/[{[,]/);
    return opened >= 0 && part.includes('${', opened + 1);
  });
}

/** Of values that are what they look like: `!!str 5` is a text. */
const plainTags = /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/;

class Converter {
  readonly #source: SourceText;
  readonly #document: Document;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #openAliases = new Set<YamlNode>();
  #aliasedNodes = 0;
  #depth = 0;
  #refused = false;

  constructor(source: SourceText, document: Document, problems: Problems) {
    this.#source = source;
    this.#document = document;
    this.#problems = problems;
  }

  convert(node: YamlNode): Node {
    const { isAlias, isMap, isScalar, isSeq } = yaml();
    if (this.#openAliases.size > 0) this.#aliasedNodes += 1;
    if (isAlias(node)) return this.#convertAlias(node);
    if (node.anchor !== undefined && this.#openAliases.size === 0) this.#anchors.set(node.anchor, node);
    const at = this.#spanOf(node);
    // The library makes a text of what has a tag that it does not know.
    const { tag } = node;
    if (tag !== undefined && !plainTags.test(tag)) return this.#broken(failures.taggedValue({ tag }, locate(at)), at);
    if (isMap(node) || isSeq(node)) {
      if (this.#depth === maxDepth) return this.#refuse(failures.tooDeep({ maxDepth }, locate(at)), at);
      this.#depth += 1;
      const converted: Node = isMap(node)
        ? this.#convertMap(node)
        : { type: 'list', items: node.items.map((item) => this.convert(item as YamlNode)), at };
      this.#depth -= 1;
      return converted;
    }
    return this.#convertScalar(isScalar(node) ? node.value : null, at);
  }

  #convertScalar(value: unknown, at: Span): Node {
    if (typeof value === 'number' && !(Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
      const written = at.source.text.slice(at.start, at.end);
      return this.#broken(failures.badNumber({ written }, locate(at)), at);
    }
    if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
      return { type: 'scalar', value, at };
    }
    return this.#broken(failures.taggedValue({ tag: undefined }, locate(at)), at);
  }

  #convertMap(node: YAMLMap): MapNode {
    const entries = new Map<string, Entry>();
    for (const pair of node.items) {
      const key = this.#keyOf(pair);
      if (key === undefined) continue;
      if (key.name === '<<') this.#problems.add(failures.mergeKey({}, locate(key.at)));
      if (entries.has(key.name)) this.#problems.add(failures.duplicateKey({ key: key.name }, locate(key.at)));
      const value = pair.value as YamlNode | null;
      const missing: Node = { type: 'scalar', value: null, at: key.at };
      entries.set(key.name, { key: key.at, value: value === null ? missing : this.convert(value) });
    }
    return { type: 'map', entries, at: this.#spanOf(node) };
  }

  #keyOf(pair: Pair): { name: string; at: Span } | undefined {
    const key = pair.key as YamlNode | null;
    const at = key === null ? this.#spanOf(this.#document.contents) : this.#spanOf(key);
    if (yaml().isScalar(key) && key.value !== null) {
      const name = typeof key.value === 'string' ? key.value : key.source;
      if (name !== undefined) return { name, at };
    }
    this.#problems.add(failures.badKey({}, locate(at)));
    return undefined;
  }

  /** An alias becomes a copy, with the places of the original. */
  #convertAlias(alias: Alias): Node {
    const at = this.#spanOf(alias);
    const target = this.#anchors.get(alias.source);
    const anchor = alias.source;
    if (target === undefined) return this.#broken(failures.yamlAlias({ anchor }, locate(at)), at);
    if (this.#openAliases.has(target)) return this.#broken(failures.recursiveAlias({ anchor }, locate(at)), at);
    if (this.#aliasedNodes > maxAliasedNodes) return this.#refuse(failures.tooManyAliases({}, locate(at)), at);
    this.#openAliases.add(target);
    const copy = this.convert(target);
    this.#openAliases.delete(target);
    return copy;
  }

  /** Says once that there is too much of something. */
  #refuse(failure: Failure, at: Span): Node {
    if (this.#refused) return { type: 'broken', at };
    this.#refused = true;
    return this.#broken(failure, at);
  }

  #broken(failure: Failure, at: Span): Node {
    this.#problems.add(failure);
    return { type: 'broken', at };
  }

  #spanOf(node: YamlNode | null): Span {
    const [start, end] = node?.range ?? [0, 0];
    return { source: this.#source, start, end };
  }
}

/**
 * Keeps the trees of files that were read before: reading 10,000 stages as YAML takes a second, and loading a YAML
 * library a third of the time of a run that has nothing to do.
 */
export interface TreeStore {
  /** What was kept under a name; undefined if there is nothing, or nothing whole. */
  find(name: Digest): WrittenTree | undefined;
  keep(name: Digest, tree: WrittenTree): void;
}

/** What reads a text: the library, and how its answer is converted. To be raised with either. */
export const reading = 'yaml 2.9.1, tree 2';

/** The tree of a file without mistakes as plain JSON: tag, start, end, content. */
export type WrittenTree =
  | readonly ['scalar', number, number, null | boolean | number | string]
  | readonly ['list', number, number, readonly WrittenTree[]]
  | readonly ['map', number, number, readonly (readonly [string, number, number, WrittenTree])[]];

/** The name of the tree of a text. */
export function treeName(text: string): Digest {
  return digestOf(`${reading}\n${text}`);
}

/** Undefined for a tree that is not one of a file without mistakes. */
export function writeTree(node: Node): WrittenTree | undefined {
  const { start, end } = node.at;
  switch (node.type) {
    case 'scalar':
      return ['scalar', start, end, node.value];
    case 'list': {
      const items = node.items.map(writeTree);
      return isWhole(items) ? ['list', start, end, items] : undefined;
    }
    case 'map': {
      const values = [...node.entries.values()].map(({ value }) => writeTree(value));
      if (!isWhole(values)) return undefined;
      const entries = [...node.entries].map(
        ([name, { key }], index) => [name, key.start, key.end, values[index] ?? noValue] as const,
      );
      return ['map', start, end, entries];
    }
    case 'output':
    case 'broken':
      return undefined;
  }
}

const noValue: WrittenTree = ['scalar', 0, 0, null];

function isWhole(trees: readonly (WrittenTree | undefined)[]): trees is readonly WrittenTree[] {
  return !trees.includes(undefined);
}

export function readTree(tree: WrittenTree, source: SourceText): Node {
  const [type, start, end, content] = tree;
  const at: Span = { source, start, end };
  switch (type) {
    case 'scalar':
      return { type, value: content, at };
    case 'list':
      return { type, items: content.map((item) => readTree(item, source)), at };
    case 'map': {
      const entries = content.map(([name, from, to, value]): [string, Entry] => [
        name,
        { key: { source, start: from, end: to }, value: readTree(value, source) },
      ]);
      return { type, entries: new Map(entries), at };
    }
  }
}
