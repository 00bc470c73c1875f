import { fail } from '../../core/failure.ts';
import type { Cursor } from './cursor.ts';
import { failures } from './failures.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses the rest of a file as JSON; fails with `damaged-json` and the offset. */
export function parseJson(cursor: Cursor): unknown {
  const start = cursor.offset;
  const text = cursor.text(cursor.remaining, 'the JSON text');
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    // Positions count UTF-16 units; files are UTF-8.
    const offset = start + Buffer.byteLength(text.slice(0, position));
    return fail(failures.damagedJson({ error: message.slice(0, 100) }, cursor.at(offset)));
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** The start of a file that may be JSON: its text, for sniffing. */
export function jsonHead(head: Uint8Array): string {
  const text = Buffer.from(head).toString('utf8').trimStart();
  return text.startsWith('{') ? text : '';
}

/** A part of a JSON document as failures show it. */
export function shownJson(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
