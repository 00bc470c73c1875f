import { WireType } from '@bufbuild/protobuf/wire';
import { littleEndianBytes, littleEndianFloats } from '../little-endian-floats.ts';

/*
 * Protocol Buffers messages as data: a schema says which field number holds which property, and in which encoding
 * (protobuf.dev/programming-guides/encoding). Varints, tags and bounds are the business of @bufbuild/protobuf's wire
 * reader and writer. Its generated messages are not used: they read numbers one by one, where a network has 260 MB of
 * them in a row, and their errors name no offset.
 */

/** How one field of a message is read and written. */
export interface Field<Value> {
  readonly number: number;
  /** What the field is before it is first met; absent for fields that may be missing. */
  readonly start?: () => Value;
  /**
   * Reads one occurrence and joins it with those before (a list may be appended to in place); undefined where `wire` is
   * not a wire type of this field.
   */
  read(reader: FieldReader, wire: WireType, before: Value | undefined): Value | undefined;
  write(writer: FieldWriter, value: Value): void;
}

/** One field for each property. */
export type MessageSchema<Message> = {
  readonly [Name in keyof Message]-?: Field<Exclude<Message[Name], undefined>>;
};

/** Reads the value of a field whose tag has just been read. Damage ends in a failure with the offset in the file. */
export interface FieldReader {
  /** A view of the file, not a copy. */
  bytes(): Uint8Array;
  text(): string;
  /** Beyond 2^53 the nearest number: such values only stand for "to the end". */
  integer(): number;
  float(): number;
  double(): number;
  nested<Message>(schema: MessageSchema<Message>): Message;
  /** The items of a packed list. */
  packed<Item>(read: (reader: FieldReader) => Item): Item[];
  /** The item at hand and those that follow it at once under the same tag. */
  run<Item>(tag: { readonly number: number; readonly wire: WireType }, read: (reader: FieldReader) => Item): Item[];
  damaged(what: string): never;
}

/** Writes fields with their tags. */
export interface FieldWriter {
  /** Not copied before the whole message is put together. */
  bytes(number: number, value: Uint8Array): void;
  text(number: number, value: string): void;
  integer(number: number, value: number): void;
  /** A packed list. */
  integers(number: number, values: readonly number[]): void;
  float(number: number, value: number): void;
  double(number: number, value: number): void;
  message<Message>(number: number, schema: MessageSchema<Message>, value: Message): void;
}

/* The encodings that fields have in the formats here. Where a field is met twice, the last one counts. */

/** `string`. */
export function text(number: number): Field<string> {
  return single(number, {
    wire: WireType.LengthDelimited,
    read: (reader) => reader.text(),
    write: (writer, value) => {
      writer.text(number, value);
    },
  });
}

/** `bytes`: a view of the file. */
export function bytes(number: number): Field<Uint8Array> {
  return single(number, {
    wire: WireType.LengthDelimited,
    read: (reader) => reader.bytes(),
    write: (writer, value) => {
      writer.bytes(number, value);
    },
  });
}

/** `int32`, `int64`, `uint32`, `uint64` and enumerations. */
export function integer(number: number): Field<number> {
  return single(number, {
    wire: WireType.Varint,
    read: (reader) => reader.integer(),
    write: (writer, value) => {
      writer.integer(number, value);
    },
  });
}

/** `float`. */
export function float(number: number): Field<number> {
  return single(number, {
    wire: WireType.Bit32,
    read: (reader) => reader.float(),
    write: (writer, value) => {
      writer.float(number, value);
    },
  });
}

/** `double`. */
export function double(number: number): Field<number> {
  return single(number, {
    wire: WireType.Bit64,
    read: (reader) => reader.double(),
    write: (writer, value) => {
      writer.double(number, value);
    },
  });
}

/** A message; `schema` is asked for late, since messages may hold their own kind. */
export function message<Message extends object>(number: number, schema: () => MessageSchema<Message>): Field<Message> {
  return single(number, {
    wire: WireType.LengthDelimited,
    read: (reader) => reader.nested(schema()),
    write: (writer, value) => {
      writer.message(number, schema(), value);
    },
  });
}

/** `repeated string`. */
export function texts(number: number): Field<readonly string[]> {
  return repeated(text(number));
}

/** `repeated bytes`. */
export function bytesList(number: number): Field<readonly Uint8Array[]> {
  return repeated(bytes(number));
}

/** `repeated` messages. */
export function messages<Message extends object>(
  number: number,
  schema: () => MessageSchema<Message>,
): Field<readonly Message[]> {
  return repeated(message(number, schema));
}

/** `repeated int64` and its kin; read packed or not, written one by one (proto2) or `packed`. */
export function integers(number: number, written: 'packed' | 'single'): Field<readonly number[]> {
  const readItem = (reader: FieldReader): number => reader.integer();
  return {
    number,
    start: () => [],
    read(reader, wire, before = []) {
      if (wire === WireType.LengthDelimited) return [...before, ...reader.packed(readItem)];
      return wire === WireType.Varint ? [...before, ...reader.run({ number, wire }, readItem)] : undefined;
    },
    write(writer, values) {
      if (written === 'single') for (const value of values) writer.integer(number, value);
      else if (values.length > 0) writer.integers(number, values);
    },
  };
}

/** `repeated float`, read packed or not. A packed list is taken as a whole, without a look at its items. */
export function floats(number: number, written: 'packed' | 'single'): Field<Float32Array> {
  return {
    number,
    start: () => new Float32Array(0),
    read(reader, wire, before = new Float32Array(0)) {
      if (wire === WireType.LengthDelimited) return joined(before, packedFloats(reader));
      if (wire !== WireType.Bit32) return undefined;
      return joined(before, Float32Array.from(reader.run({ number, wire }, (item) => item.float())));
    },
    write(writer, values) {
      if (written === 'single') for (const value of values) writer.float(number, value);
      else if (values.length > 0) writer.bytes(number, littleEndianBytes(values));
    },
  };
}

/** `repeated double [packed = true]`. */
export function doubles(number: number): Field<readonly number[]> {
  return {
    number,
    start: () => [],
    read(reader, wire, before = []) {
      if (wire === WireType.LengthDelimited) return [...before, ...reader.packed((item) => item.double())];
      return wire === WireType.Bit64
        ? [...before, ...reader.run({ number, wire }, (item) => item.double())]
        : undefined;
    },
    write(writer, values) {
      if (values.length > 0) writer.bytes(number, new Uint8Array(Float64Array.from(values).buffer));
    },
  };
}

function packedFloats(reader: FieldReader): Float32Array {
  const items = reader.bytes();
  if (items.length % 4 !== 0) reader.damaged(`a list of floats of ${items.length} bytes`);
  return littleEndianFloats(items);
}

function joined(before: Float32Array, values: Float32Array): Float32Array {
  if (before.length === 0) return values;
  const both = new Float32Array(before.length + values.length);
  both.set(before);
  both.set(values, before.length);
  return both;
}

interface Encoding<Value> {
  readonly wire: WireType;
  readonly read: (reader: FieldReader) => Value;
  readonly write: (writer: FieldWriter, value: Value) => void;
}

function single<Value>(number: number, { wire, read, write }: Encoding<Value>): Field<Value> {
  return { number, read: (reader, found) => (found === wire ? read(reader) : undefined), write };
}

function repeated<Item>(item: Field<Item>): Field<readonly Item[]> {
  return {
    number: item.number,
    start: () => [],
    read(reader, wire, before = []) {
      const value = item.read(reader, wire, undefined);
      if (value === undefined) return undefined;
      // Made by `start` for this message, and not yet visible elsewhere.
      (before as Item[]).push(value);
      return before;
    },
    write(writer, values) {
      for (const value of values) item.write(writer, value);
    },
  };
}
