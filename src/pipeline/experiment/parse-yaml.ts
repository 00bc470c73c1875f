import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { Alias, Document, Node as YamlNode, Pair, YAMLError, YAMLMap } from 'yaml';
import type { Entry, MapNode, Node } from './node.ts';
import type { Problems } from './problems.ts';
import { locate, type SourceText, type Span } from './source-text.ts';

/** Values that aliases may add to a file; a "billion laughs" file of a few lines would make 10^9. */
const maxAliasedNodes = 100_000;

/** Loaded when the first text is read: where the trees of all files are known, none is. */
let library: typeof Yaml | undefined;

function yaml(): typeof Yaml {
  library ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return library;
}

/**
 * Reads YAML 1.2 (or JSON, its subset) into values with places, from character `from` on. Undefined where there is no
 * value, or where mistakes left nothing to go on with.
 */
export function parseYaml(source: SourceText, problems: Problems, from = 0): Node | undefined {
  // Blanks instead of what stands before, so that places in the document are places in the source.
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

/** Once the structure is lost, everything after it is an error: only the first one of that sort says something. */
function reportSyntax(errors: readonly YAMLError[], source: SourceText, problems: Problems): void {
  const derailing = errors.find(({ code }) => code !== 'TAB_AS_INDENT');
  for (const error of errors) {
    if (error.code === 'TAB_AS_INDENT' || error === derailing) reportError(error, source, problems);
  }
}

function reportError(error: YAMLError, source: SourceText, problems: Problems): void {
  const at: Span = { source, start: error.pos[0], end: error.pos[1] };
  if (error.code === 'TAB_AS_INDENT') {
    problems.add({ code: 'yaml-tab', message: 'expected spaces, found a tab: YAML is not indented with tabs', at });
  } else if (error.code === 'MULTIPLE_DOCS') {
    problems.add({ code: 'yaml-syntax', message: 'expected one document, found the start of another', at });
  } else {
    const unquoted = /[{[,] *[^"']*\$\{/.test(locate(at).sourceLine ?? '');
    const hint = unquoted ? 'Within { } and [ ] a reference has to be quoted: "${params.NAME}".' : undefined;
    problems.add({ code: 'yaml-syntax', message: sentence(error.message), at, hint });
  }
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

class Converter {
  readonly #source: SourceText;
  readonly #document: Document;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #openAliases = new Set<YamlNode>();
  #aliasedNodes = 0;
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
    if (isMap(node)) return this.#convertMap(node);
    const at = this.#spanOf(node);
    if (isSeq(node)) {
      return { type: 'list', items: node.items.map((item) => this.convert(item as YamlNode)), at };
    }
    return this.#convertScalar(isScalar(node) ? node.value : null, at);
  }

  #convertScalar(value: unknown, at: Span): Node {
    if (typeof value === 'number' && !(Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
      const written = at.source.text.slice(at.start, at.end);
      return this.#broken({ code: 'bad-number', message: `expected a finite number up to 2^53, found ${written}` }, at);
    }
    if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
      return { type: 'scalar', value, at };
    }
    return this.#broken({ code: 'yaml-syntax', message: 'expected a plain value, found a tagged one' }, at);
  }

  #convertMap(node: YAMLMap): MapNode {
    const entries = new Map<string, Entry>();
    for (const pair of node.items) {
      const key = this.#keyOf(pair);
      if (key === undefined) continue;
      if (entries.has(key.name)) this.#refuseDuplicate(key);
      const value = pair.value as YamlNode | null;
      const missing: Node = { type: 'scalar', value: null, at: key.at };
      entries.set(key.name, { key: key.at, value: value === null ? missing : this.convert(value) });
    }
    return { type: 'map', entries, at: this.#spanOf(node) };
  }

  #refuseDuplicate({ name, at }: { name: string; at: Span }): void {
    const message = `key "${name}" stands twice in this map`;
    this.#problems.add({ code: 'duplicate-key', message, at });
  }

  #keyOf(pair: Pair): { name: string; at: Span } | undefined {
    const key = pair.key as YamlNode | null;
    const at = key === null ? this.#spanOf(this.#document.contents) : this.#spanOf(key);
    if (yaml().isScalar(key) && key.value !== null) {
      const name = typeof key.value === 'string' ? key.value : key.source;
      if (name !== undefined) return { name, at };
    }
    this.#problems.add({ code: 'bad-key', message: 'expected a text as key', at });
    return undefined;
  }

  /** An alias becomes a copy, with the places of the original. */
  #convertAlias(alias: Alias): Node {
    const at = this.#spanOf(alias);
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      return this.#broken({ code: 'yaml-alias', message: `no anchor "&${alias.source}" stands before this alias` }, at);
    }
    if (this.#openAliases.has(target)) {
      return this.#broken({ code: 'yaml-alias', message: `alias "*${alias.source}" contains itself` }, at);
    }
    if (this.#aliasedNodes > maxAliasedNodes) return this.#refuseMoreAliases(at);
    this.#openAliases.add(target);
    const copy = this.convert(target);
    this.#openAliases.delete(target);
    return copy;
  }

  #refuseMoreAliases(at: Span): Node {
    if (this.#refused) return { type: 'broken', at };
    this.#refused = true;
    return this.#broken({ code: 'yaml-alias', message: 'aliases multiply this file beyond 100,000 values' }, at);
  }

  #broken(problem: { code: 'bad-number' | 'yaml-syntax' | 'yaml-alias'; message: string }, at: Span): Node {
    this.#problems.add({ ...problem, at });
    return { type: 'broken', at };
  }

  #spanOf(node: YamlNode | null): Span {
    const [start, end] = node?.range ?? [0, 0];
    return { source: this.#source, start, end };
  }
}
