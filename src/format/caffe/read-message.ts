import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { FailureError } from '../../base/failure.ts';
import type { Cursor } from '../cursor.ts';
import { GrowingBytes } from './growing-bytes.ts';
import {
  type AnyFieldRule,
  type AnyMessage,
  type AnyValue,
  fieldsOf,
  isEnumName,
  isMessageName,
  type Message,
  type MessageName,
  wordsOf,
} from './schema.ts';

/**
 * Reads the bytes at the cursor as a message of the schema. Weights that stand in one piece, as Caffe writes them, stay
 * views of those bytes and cost nothing; weights in single numbers are gathered. Fails with `damaged-file` at an offset.
 */
export function readMessage<Name extends MessageName>(cursor: Cursor, name: Name): Message<Name> {
  const start = cursor.offset;
  const bytes = cursor.take(cursor.remaining, 'the file');
  const reading = new MessageReader(cursor, bytes.byteOffset - start);
  // The schema that decides what is read is the one that Message is made of.
  return reading.message(name, bytes) as Message<Name>;
}

interface KnownField {
  readonly name: string;
  readonly rule: AnyFieldRule;
}

class MessageReader {
  readonly #cursor: Cursor;
  /** Position of the file's first byte in the buffer that all views share. */
  readonly #origin: number;

  constructor(cursor: Cursor, origin: number) {
    this.#cursor = cursor;
    this.#origin = origin;
  }

  message(name: MessageName, bytes: Uint8Array): AnyMessage {
    const reader = new BinaryReader(bytes);
    const fields = new Map(Object.entries(fieldsOf(name)).map(([field, rule]) => [rule.id, { name: field, rule }]));
    const values = new FieldValues();
    while (reader.pos < reader.len) {
      const at = bytes.byteOffset - this.#origin + reader.pos;
      try {
        const [id, wire] = reader.tag();
        const field = fields.get(id);
        if (field === undefined) reader.skip(wire, id);
        else this.#field(reader, wire, field, values);
      } catch (cause) {
        if (cause instanceof FailureError) throw cause;
        const reason = cause instanceof Error ? cause.message : String(cause);
        this.#cursor.damaged(`expected a field of a ${name} message (${reason})`, at);
      }
    }
    return values.message();
  }

  /** One occurrence of a field; numbers may come one by one or packed into one piece, whatever the schema prefers. */
  #field(reader: BinaryReader, wire: WireType, field: KnownField, values: FieldValues): void {
    const { type, many } = field.rule;
    if (type === 'floats' || type === 'doubles') {
      values.append(field.name, numberBytes(reader, wire, type === 'floats' ? 4 : 8));
    } else if (isMessageName(type)) {
      expectWire(wire, WireType.LengthDelimited);
      values.add(field, this.message(type, reader.bytes()));
    } else if (type === 'string') {
      expectWire(wire, WireType.LengthDelimited);
      values.add(field, reader.string(true));
    } else if (many && wire === WireType.LengthDelimited) {
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len) values.add(field, number(packed, type));
    } else {
      expectWire(wire, type === 'float' ? WireType.Bit32 : WireType.Varint);
      values.add(field, number(reader, type));
    }
  }
}

/** What has been read of a message so far. */
class FieldValues {
  readonly #values = new Map<string, AnyValue | AnyValue[]>();
  readonly #bytes = new Map<string, GrowingBytes>();

  /** The last of several values counts, except in lists. */
  add({ name, rule }: KnownField, value: AnyValue): void {
    const list = this.#values.get(name);
    if (!rule.many) this.#values.set(name, value);
    else if (Array.isArray(list)) list.push(value);
    else this.#values.set(name, [value]);
  }

  append(name: string, bytes: Uint8Array): void {
    const before = this.#bytes.get(name);
    if (before === undefined) this.#bytes.set(name, new GrowingBytes(bytes));
    else before.append(bytes);
  }

  message(): AnyMessage {
    const bulk = [...this.#bytes].map(([name, bytes]) => [name, bytes.content()] as const);
    return Object.fromEntries([...this.#values, ...bulk]);
  }
}

function numberBytes(reader: BinaryReader, wire: WireType, size: 4 | 8): Uint8Array {
  if (wire === WireType.LengthDelimited) {
    const bytes = reader.bytes();
    if (bytes.length % size !== 0) throw new Error(`${bytes.length} bytes are no whole number of weights`);
    return bytes;
  }
  expectWire(wire, size === 4 ? WireType.Bit32 : WireType.Bit64);
  return reader.skip(wire);
}

function number(reader: BinaryReader, type: AnyFieldRule['type']): AnyValue {
  if (type === 'float') return reader.float();
  if (type === 'bool') return reader.bool();
  const value = Number(reader.int64());
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is beyond any size`);
  if (!isEnumName(type)) return value;
  const word = Object.entries(wordsOf(type)).find(([, code]) => code === value)?.[0];
  if (word === undefined) throw new Error(`${type} has no number ${value}`);
  return word;
}

function expectWire(found: WireType, expected: WireType): void {
  if (found !== expected) throw new Error(`wire type ${found}, expected ${expected}`);
}
