import { digestOf, type Digest } from '../../core/digest.ts';
import type { Entry, Node } from './node.ts';
import type { SourceText, Span } from './problems.ts';

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
export const reading = 'yaml 2.9.1, tree 1';

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
