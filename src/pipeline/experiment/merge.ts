import type { Entry, MapNode, Node } from './node.ts';
import type { Span } from './source-text.ts';

/**
 * Lays one value over another: maps are joined key by key, everything else is replaced. Nothing (`key:`) in the overlay
 * takes the key away, so that its default holds.
 */
export function merge(base: Node, overlay: Node): Node {
  if (base.type !== 'map' || overlay.type !== 'map') return overlay;
  const entries = new Map(base.entries);
  for (const [name, entry] of overlay.entries) {
    const below = entries.get(name);
    if (isNothing(entry.value)) entries.delete(name);
    else
      entries.set(name, { key: entry.key, value: below === undefined ? entry.value : merge(below.value, entry.value) });
  }
  return { ...base, entries };
}

/** Puts a value at a path that was written at `key`, making the maps on the way there. */
export function assign(base: Node | undefined, path: readonly string[], { key, value }: Entry): Node {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const entries = new Map<string, Entry>(base?.type === 'map' ? base.entries : []);
  const below = entries.get(name);
  entries.set(name, { key, value: assign(below?.value, rest, { key, value }) });
  return { type: 'map', entries, at: base?.at ?? value.at };
}

export function without(map: MapNode, ...keys: readonly string[]): MapNode {
  const entries = new Map(map.entries);
  for (const key of keys) entries.delete(key);
  return { ...map, entries };
}

export function emptyMap(at: Span): MapNode {
  return { type: 'map', entries: new Map(), at };
}

function isNothing(node: Node): boolean {
  return node.type === 'scalar' && node.value === null;
}
