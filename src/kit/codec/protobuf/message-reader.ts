import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire';
import type { Cursor } from '../cursor.ts';
import type { Field, FieldReader, MessageSchema } from './schema.ts';

/** Deeper messages than any format here has are damage, or an attack on the stack. */
const maxDepth = 64;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads the fields of one message. Damage ends in a failure with the offset in the file. */
export class MessageReader implements FieldReader {
  readonly #wire: BinaryReader;
  readonly #cursor: Cursor;
  /** Offset in the file of the first byte of this message. */
  readonly #base: number;
  readonly #depth: number;

  constructor(bytes: Uint8Array, place: { cursor: Cursor; base: number; depth: number }) {
    this.#wire = new BinaryReader(bytes);
    this.#cursor = place.cursor;
    this.#base = place.base;
    this.#depth = place.depth;
  }

  message<Message>(schema: MessageSchema<Message>): Message {
    const { names, starting } = fieldsOf(schema);
    const message: Record<string, unknown> = {};
    for (const { name, start } of starting) message[name] = start();
    while (this.#wire.pos < this.#wire.len) {
      const [number, wire] = this.#guarded(() => this.#wire.tag());
      const known = names.get(number);
      const value = known?.field.read(this, wire, message[known.name]);
      if (known !== undefined && value !== undefined) message[known.name] = value;
      else this.#guarded(() => this.#wire.skip(wire, number));
    }
    // Each property was read by the field of its name, and the lists start as empty ones.
    return message as Message;
  }

  nested<Message>(schema: MessageSchema<Message>): Message {
    if (this.#depth >= maxDepth) this.damaged(`messages within messages, more than ${maxDepth} deep`);
    const bytes = this.bytes();
    const base = this.#base + this.#wire.pos - bytes.length;
    return new MessageReader(bytes, { cursor: this.#cursor, base, depth: this.#depth + 1 }).message(schema);
  }

  bytes(): Uint8Array {
    return this.#guarded(() => this.#wire.bytes());
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return utf8.decode(bytes);
    } catch {
      return this.damaged('a text is not UTF-8');
    }
  }

  integer(): number {
    return Number(this.#guarded(() => this.#wire.int64()));
  }

  float(): number {
    return this.#guarded(() => this.#wire.float());
  }

  double(): number {
    return this.#guarded(() => this.#wire.double());
  }

  packed<Item>(read: (reader: FieldReader) => Item): Item[] {
    const bytes = this.bytes();
    const base = this.#base + this.#wire.pos - bytes.length;
    const reader = new MessageReader(bytes, { cursor: this.#cursor, base, depth: this.#depth });
    const items: Item[] = [];
    while (reader.#wire.pos < reader.#wire.len) items.push(read(reader));
    return items;
  }

  run<Item>(tag: { readonly number: number; readonly wire: WireType }, read: (reader: FieldReader) => Item): Item[] {
    const items = [read(this)];
    while (this.#wire.pos < this.#wire.len) {
      const before = this.#wire.pos;
      const [number, wire] = this.#guarded(() => this.#wire.tag());
      if (number !== tag.number || wire !== tag.wire) {
        this.#wire.pos = before;
        break;
      }
      items.push(read(this));
    }
    return items;
  }

  damaged(what: string): never {
    return this.#cursor.damaged(`${what}, which no message of this format has`, this.#base + this.#wire.pos);
  }

  #guarded<Result>(read: () => Result): Result {
    const start = this.#wire.pos;
    try {
      return read();
    } catch (error) {
      const offset = this.#base + start;
      if (error instanceof RangeError) {
        return fail(failures.truncatedMessage({}, this.#cursor.at(offset)));
      }
      // The wire reader throws plain errors at tags and varints that cannot be.
      return this.#cursor.damaged(`no field begins here (${error instanceof Error ? error.message : ''})`, offset);
    }
  }
}

/** Reads the rest of a file as one message. */
export function decodeMessage<Message>(schema: MessageSchema<Message>, cursor: Cursor): Message {
  const base = cursor.offset;
  const bytes = cursor.take(cursor.remaining, 'a message');
  return new MessageReader(bytes, { cursor, base, depth: 0 }).message(schema);
}

interface SchemaFields {
  readonly names: ReadonlyMap<number, { readonly name: string; readonly field: Field<unknown> }>;
  /** The lists. */
  readonly starting: readonly { readonly name: string; readonly start: () => unknown }[];
}

const seen = new WeakMap<object, SchemaFields>();

function fieldsOf<Message>(schema: MessageSchema<Message>): SchemaFields {
  const before = seen.get(schema);
  if (before !== undefined) return before;
  const entries = Object.entries<Field<unknown>>(schema);
  const fields = {
    names: new Map(entries.map(([name, field]) => [field.number, { name, field }])),
    starting: entries.flatMap(([name, { start }]) => (start === undefined ? [] : [{ name, start }])),
  };
  seen.set(schema, fields);
  return fields;
}
