import type { WireType } from '@bufbuild/protobuf/wire';

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
  message<Message>(number: number, schema: MessageSchema<Message>, value: Message): void;
}
