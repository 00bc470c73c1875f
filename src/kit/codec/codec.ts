import type { Cursor } from './cursor.ts';

/**
 * One file format as one object. `decode` never trusts a length it read: it checks it against what the file holds
 * before allocating, and fails with a FailureError that names file and offset (or line).
 */
export interface FileFormat<Value> {
  /** Kebab-case, unique. */
  readonly name: string;
  /** For people, singular: `verification set`. */
  readonly title: string;
  /** What it holds and who writes it, in one sentence. */
  readonly summary: string;
  /** File names it usually has, as endings: `.bin`, `property`. */
  readonly endings: readonly string[];
  /** Whether content that starts with `head` (up to 4096 bytes) can be this format. Names decide between equals. */
  sniff(head: Uint8Array, fileName: string): boolean;
  decode(cursor: Cursor): Value;
}

/** A format that is written too: `encode` gives the exact bytes that the format's other programs write. */
export interface Codec<Value> extends FileFormat<Value> {
  encode(value: Value): Uint8Array;
}

/** How many bytes {@link FileFormat.sniff} is given. */
export const sniffBytes = 4096;
