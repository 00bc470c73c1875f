import type { Json } from '../../core/digest.ts';
import type { OutputReference } from './reference.ts';
import type { Span } from './source-text.ts';

/**
 * A value of an experiment file together with the place it was written at. Composing (extends, profiles, --set) and
 * resolving references make new trees whose parts keep their own places, so an error always points to where a value
 * really came from.
 */
export type Node = ScalarNode | ListNode | MapNode | OutputNode | BrokenNode;

export interface ScalarNode extends Written {
  readonly type: 'scalar';
  readonly value: null | boolean | number | string;
  /** A text from where there are only texts (the environment): may be read as a number or a truth value. */
  readonly loose?: boolean;
  /** Must not be shown or recorded. */
  readonly secret?: boolean;
  /** Of a text with references in it: where a part was written that came from another file, or from `--set`. */
  readonly partFrom?: Span;
}

export interface ListNode extends Written {
  readonly type: 'list';
  readonly items: readonly Node[];
}

export interface MapNode extends Written {
  readonly type: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

/** What `${stages.train.outputs.model}` becomes: the edge to another task. */
export interface OutputNode extends Written {
  readonly type: 'output';
  readonly reference: OutputReference;
}

/** Stands where a mistake was already reported, so that it is reported once. */
export interface BrokenNode extends Written {
  readonly type: 'broken';
}

export interface Entry {
  readonly key: Span;
  readonly value: Node;
}

interface Written {
  /** Where the value was written. */
  readonly at: Span;
  /** Where it is used, if it came through a reference. */
  readonly via?: Span;
}

/** Where a value was decided upon; of a text that others flow into, where the part from farthest away was. */
export function originOf(node: Node): Span {
  return (node.type === 'scalar' ? node.partFrom : undefined) ?? node.at;
}

/** The value without its places. Edges and broken parts, which have no value, become null. */
export function toJson(node: Node): Json {
  switch (node.type) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toJson);
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toJson(entry.value)]));
    case 'output':
    case 'broken':
      return null;
  }
}

/** The part of a tree that a JSON pointer names, or the nearest part above it that was written. */
export function nodeAt(
  root: Node,
  pointer: string,
): { readonly node: Node; readonly key?: Span; readonly exact: boolean } {
  let found: { node: Node; key?: Span; exact: boolean } = { node: root, exact: true };
  for (const segment of segmentsOf(pointer)) {
    const next = childOf(found.node, segment);
    if (next === undefined) return { ...found, exact: false };
    found = next;
  }
  return found;
}

function childOf(node: Node, segment: string): { node: Node; key?: Span; exact: boolean } | undefined {
  if (node.type === 'map') {
    const entry = node.entries.get(segment);
    return entry && { node: entry.value, key: entry.key, exact: true };
  }
  const item = node.type === 'list' ? node.items[Number(segment)] : undefined;
  return item && { node: item, exact: true };
}

function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The tree with every scalar and edge replaced; parts in which nothing changes are taken over, not copied. */
export function mapLeaves(node: Node, change: (leaf: ScalarNode | OutputNode) => Node): Node {
  switch (node.type) {
    case 'scalar':
    case 'output':
      return change(node);
    case 'broken':
      return node;
    case 'list': {
      const items = node.items.map((item) => mapLeaves(item, change));
      return items.every((item, index) => item === node.items[index]) ? node : { ...node, items };
    }
    case 'map': {
      const changed = new Map<string, Entry>();
      for (const [name, { key, value }] of node.entries) {
        const now = mapLeaves(value, change);
        if (now !== value) changed.set(name, { key, value: now });
      }
      if (changed.size === 0) return node;
      const entries = [...node.entries].map(([name, entry]) => [name, changed.get(name) ?? entry] as const);
      return { ...node, entries: new Map(entries) };
    }
  }
}

/** What a value is called in an error. */
export function describe(node: Node): string {
  switch (node.type) {
    case 'scalar':
      if (node.value === null) return 'nothing';
      return typeof node.value === 'string' ? `the text ${JSON.stringify(node.value)}` : String(node.value);
    case 'list':
      return node.items.length === 0 ? 'an empty list' : 'a list';
    case 'map':
      return node.entries.size === 0 ? 'an empty map' : 'a map';
    case 'output':
      return 'an output of a stage';
    case 'broken':
      return 'a mistake';
  }
}
