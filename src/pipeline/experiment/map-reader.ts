import { didYouMean } from '../../core/did-you-mean.ts';
import { describe, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';

/** Reads the entries of one map and reports those of a wrong type, those missing and those that mean nothing. */
export class MapReader {
  readonly map: MapNode;
  readonly #problems: Problems;
  /** What the map is called in errors: `stage "train"`. */
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
    return this.#scalar(key, 'a text', (value): value is string => typeof value === 'string');
  }

  integer(key: string): number | undefined {
    return this.#scalar(key, 'a whole number', (value): value is number => Number.isInteger(value));
  }

  mapAt(key: string): MapNode | undefined {
    const node = this.node(key);
    if (node === undefined || node.type === 'map') return node;
    // `params:` with everything below it commented out is an empty map.
    if (node.type === 'scalar' && node.value === null) return { type: 'map', entries: new Map(), at: node.at };
    this.#wrongType(key, 'a map', node);
    return undefined;
  }

  require(key: string): void {
    if (this.map.entries.has(key)) return;
    const { start, source } = this.map.at;
    const at = { source, start, end: start + 1 };
    this.#problems.add({ code: 'missing-key', message: `${this.#owner} has no "${key}"`, at });
  }

  refuseOthers(known: Iterable<string>): void {
    const names = [...known];
    for (const [key, entry] of this.map.entries) {
      if (names.includes(key)) continue;
      this.#problems.add({
        code: 'unknown-key',
        message: `${this.#owner} has no key "${key}"${suggestion(key, names)}`,
        at: entry.key,
        hint: `It may have: ${names.join(', ')}.`,
      });
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
    this.#problems.add({
      code: 'wrong-type',
      message: `"${key}" of ${this.#owner} must be ${expected}, found ${describe(node)}`,
      at: node.at,
    });
  }
}

/** ` (did you mean "flip"?)`, or nothing. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const close = didYouMean(word, candidates);
  return close === undefined ? '' : ` (did you mean "${close}"?)`;
}
