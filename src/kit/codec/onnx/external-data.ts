import { closeSync, readSync } from 'node:fs';
import { openForReading } from '../read-file.ts';

/*
 * Arrays of an ONNX model may be in files beside it (onnx/onnx.proto, TensorProto.external_data: entries of a key and a
 * value, `location` with a path relative to the model). Arrays occur in more places than the graph's own list: the
 * attributes of nodes, their graphs, sparse arrays, functions. For each message: the fields that lead to one.
 */
const leads = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  entry: {},
} as const satisfies Record<string, Readonly<Record<number, string>>>;

type MessageName = keyof typeof leads;

const windowBytes = 1 << 16;

/**
 * What the arrays of an ONNX model name as `location`, each once. The arrays themselves are passed over, so a model of
 * hundreds of megabytes takes milliseconds. What is damaged ends the search: who reads the model tells.
 */
export function externalLocations(path: string): ReadonlySet<string> {
  const { descriptor, size } = openForReading(path, 'ONNX model (.onnx)');
  try {
    const search = new LocationSearch(descriptor);
    search.walk('model', { at: 0, end: size });
    return search.locations;
  } finally {
    closeSync(descriptor);
  }
}

interface Span {
  readonly at: number;
  readonly end: number;
}

class LocationSearch {
  readonly locations = new Set<string>();
  readonly #descriptor: number;
  readonly #window = Buffer.allocUnsafe(windowBytes);
  #windowStart = 0;
  #windowEnd = 0;
  #at = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** The fields of a message; false where the bytes are none. */
  walk(name: MessageName, { at, end }: Span): boolean {
    const nested: Readonly<Record<number, MessageName | undefined>> = leads[name];
    const texts: string[] = [];
    for (this.#at = at; this.#at < end;) {
      const tag = this.#varint(end);
      const [field, wire] = [Math.floor(tag / 8), tag % 8];
      const length = wire === 0 ? 0 : wire === 1 ? 8 : wire === 2 ? this.#varint(end) : wire === 5 ? 4 : NaN;
      if (wire === 0) this.#varint(end);
      const next = this.#at + length;
      // Not a number either: an unknown kind of field, or the end of the file.
      if (!(next <= end)) return false;
      const message = wire === 2 ? nested[field] : undefined;
      if (message !== undefined && !this.walk(message, { at: this.#at, end: next })) return false;
      if (name === 'entry' && wire === 2) texts[field] = this.#text(this.#at, next);
      this.#at = next;
    }
    if (name === 'entry' && texts[1] === 'location') this.locations.add(texts[2] ?? '');
    return true;
  }

  #varint(end: number): number {
    let value = 0;
    for (let factor = 1; this.#at < end && factor < 2 ** 64; factor *= 128) {
      const byte = this.#byte(this.#at);
      this.#at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    return NaN;
  }

  #byte(at: number): number {
    if (at < this.#windowStart || at >= this.#windowEnd) {
      this.#windowStart = at;
      this.#windowEnd = at + readSync(this.#descriptor, this.#window, 0, windowBytes, at);
    }
    return this.#window[at - this.#windowStart] ?? NaN;
  }

  #text(at: number, end: number): string {
    return Buffer.from(Array.from({ length: end - at }, (_, place) => this.#byte(at + place))).toString('utf8');
  }
}
