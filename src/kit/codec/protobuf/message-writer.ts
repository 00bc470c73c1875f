import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Field, FieldWriter, MessageSchema } from './schema.ts';

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
