import type { Json } from '../../core/digest.ts';
import { failures, warnings } from './failures.ts';
import { locate, type Problems, type Span } from './problems.ts';

/**
 * A value of an experiment file together with the place it was written at. Composing (extends, profiles, --set) and
 * resolving references make new trees whose parts keep their own places, so an error always points to where a value
 * really came from.
 */
export type Node = ScalarNode | ListNode | MapNode | OutputNode | BrokenNode;

export interface ScalarNode extends Written {
  readonly type: 'scalar';
  readonly value: null | boolean | number | string;
  /** A string from where there are only strings (the environment): may be read as a number or a truth value. */
  readonly loose?: boolean;
  /** Must not be shown or recorded. */
  readonly secret?: boolean;
  /** Of a string with references in it: where a part was written that came from another file, or from `--set`. */
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

export interface OutputReference {
  readonly type: 'output';
  readonly stage: string;
  /** What is in brackets after the stage: `*`, `lfw`, or `set=lfw,size=112`. */
  readonly instance?: string;
  readonly output: string;
}

/** Takes the place of a value that was already reported, so that it is reported once. */
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

/** Where a value was decided; of a string with references in it, where the part from farthest away was written. */
export function originOf(node: Node): Span {
  return (node.type === 'scalar' ? node.partFrom : undefined) ?? node.at;
}

/** Digits that a number as such does not keep: 3.10 is 3.1, and 007 is 7. */
const lostDigits = /^[-+]?(0\d[\d.]*|\d*\.\d*0|\d+\.)$/;

/** The text that a value becomes within a longer one, in a variable or in a name; warns where that is not what was written. */
export function asText({ value, at }: ScalarNode, problems: Problems): string {
  const text = String(value);
  const written = typeof value === 'number' ? at.source.text.slice(at.start, at.end) : text;
  if (written !== text && lostDigits.test(written)) {
    problems.warn(warnings.numberAsText({ written, text }, locate(at)));
  }
  return text;
}

/** `key:` with no value. */
export function isNull(node: Node): boolean {
  return node.type === 'scalar' && node.value === null;
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

/** The keys that a JSON pointer (RFC 6901) is made of. */
export function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The JSON pointer to an entry of the value that `pointer` names. */
export function pointerTo(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** `/loss/margin` as people write it: `loss.margin`. */
export function pathOf(pointer: string): string {
  return segmentsOf(pointer).join('.');
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
      return typeof node.value === 'string' ? `the string ${quoted(node.value)}` : String(node.value);
    case 'list':
      return node.items.length === 0 ? 'an empty list' : 'a list';
    case 'map':
      return node.entries.size === 0 ? 'an empty mapping' : 'a mapping';
    case 'output':
      return 'an output of a stage';
    case 'broken':
      return 'a mistake';
  }
}

/** Longer texts are cut where they are quoted: what is read as an experiment may be any file. */
const quotedCharacters = 100;

/** A text as failures quote it: not at any length, and without the name and password of an address. */
function quoted(text: string): string {
  const shown = text.replaceAll(/:\/\/[^/?#@\s]*@/g, '://(secret)@');
  if (shown.length <= quotedCharacters) return JSON.stringify(shown);
  return `${JSON.stringify(shown.slice(0, quotedCharacters))} ... (${shown.length} characters)`;
}

/** Reads the entries of one mapping and reports those of a wrong type, those missing and those that are unknown. */
export class MapReader {
  readonly map: MapNode;
  readonly #problems: Problems;
  /** What the mapping is called in errors: `stage "train"`. */
  readonly #owner: string;

  constructor(map: MapNode, problems: Problems, owner: string) {
    this.map = map;
    this.#problems = problems;
    this.#owner = owner;
  }

  node(key: string): Node | undefined {
    return this.map.entries.get(key)?.value;
  }

  text(key: string): string | undefined {
    return this.#scalar(key, 'a string', (value): value is string => typeof value === 'string');
  }

  integer(key: string): number | undefined {
    return this.#scalar(key, 'an integer', (value): value is number => Number.isInteger(value));
  }

  mapAt(key: string): MapNode | undefined {
    const node = this.node(key);
    if (node === undefined || node.type === 'map') return node;
    // `params:` with everything below it commented out is an empty mapping.
    if (isNull(node)) return { type: 'map', entries: new Map(), at: node.at };
    this.#wrongType(key, 'a mapping', node);
    return undefined;
  }

  require(key: string): void {
    if (this.map.entries.has(key)) return;
    const { start, source } = this.map.at;
    this.#problems.add(failures.missingKey({ owner: this.#owner, key }, source.locate(start, start + 1)));
  }

  refuseOthers(known: readonly string[]): void {
    for (const [key, entry] of this.map.entries) {
      if (known.includes(key)) continue;
      this.#problems.add(failures.unknownKey({ owner: this.#owner, key, known }, locate(entry.key)));
    }
  }

  #scalar<T>(key: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    const node = this.node(key);
    if (node === undefined || node.type === 'broken') return undefined;
    if (node.type === 'scalar' && is(node.value)) return node.value;
    this.#wrongType(key, expected, node);
    return undefined;
  }

  #wrongType(key: string, expected: string, node: Node): void {
    if (node.type === 'broken') return;
    const facts = { what: `"${key}" of ${this.#owner}`, expected, found: describe(node) };
    this.#problems.add(failures.wrongType(facts, locate(node.at)));
  }
}
