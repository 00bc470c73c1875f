import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Cursor } from '../cursor.ts';
import type { Field, FieldReader, FieldWriter, MessageSchema } from './fields.ts';

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

/** Arrays from this size on are not copied until the whole file is put together. */
const ownChunkBytes = 4096;

/** int64's greatest; what was rounded up to 2^63 on reading is that. */
const greatest = 2n ** 63n - 1n;

/** Gathers a message as pieces, so that a network's 260 MB are copied once, when the file is put together. */
export class MessageWriter implements FieldWriter {
  readonly #pieces: Uint8Array[] = [];
  readonly #wire = new BinaryWriter();
  #length = 0;

  text(number: number, value: string): void {
    this.#wire.tag(number, WireType.LengthDelimited).string(value);
  }

  bytes(number: number, value: Uint8Array): void {
    this.#wire.tag(number, WireType.LengthDelimited).uint32(value.length);
    if (value.length < ownChunkBytes) this.#wire.raw(value);
    else this.#append([value], value.length);
  }

  integer(number: number, value: number): void {
    this.#wire.tag(number, WireType.Varint).int64(toInt64(value));
  }

  integers(number: number, values: readonly number[]): void {
    const items = new BinaryWriter();
    for (const value of values) items.int64(toInt64(value));
    this.bytes(number, items.finish());
  }

  double(number: number, value: number): void {
    this.#wire.tag(number, WireType.Bit64).double(value);
  }

  float(number: number, value: number): void {
    this.#wire.tag(number, WireType.Bit32).float(value);
  }

  message<Message>(number: number, schema: MessageSchema<Message>, value: Message): void {
    const inner = new MessageWriter();
    inner.fields(schema, value);
    inner.#flush();
    this.#wire.tag(number, WireType.LengthDelimited).uint32(inner.#length);
    this.#append(inner.#pieces, inner.#length);
  }

  fields<Message>(schema: MessageSchema<Message>, value: Message): void {
    for (const [name, field] of Object.entries<Field<unknown>>(schema)) {
      const property: unknown = value[name as keyof Message];
      if (property !== undefined) field.write(this, property);
    }
  }

  finish(): Uint8Array {
    this.#flush();
    return Buffer.concat(this.#pieces, this.#length);
  }

  #append(pieces: readonly Uint8Array[], length: number): void {
    this.#flush();
    for (const piece of pieces) this.#pieces.push(piece);
    this.#length += length;
  }

  #flush(): void {
    const bytes = this.#wire.finish();
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }
}

/** The bytes of a message; fields stand in the order of the schema. */
export function encodeMessage<Message>(schema: MessageSchema<Message>, value: Message): Uint8Array {
  const writer = new MessageWriter();
  writer.fields(schema, value);
  return writer.finish();
}

function toInt64(value: number): bigint {
  const integer = BigInt(value);
  return integer > greatest ? greatest : integer;
}
