import * as fields from '../protobuf/fields.ts';
import type { Field, FieldReader, MessageSchema } from '../protobuf/fields.ts';
import {
  type AnyFieldRule,
  type EnumName,
  fieldsOf,
  isEnumName,
  isMessageName,
  type Message,
  type MessageName,
  wordsOf,
} from './schema.ts';

/** A message of Caffe as bytes: its fields in the order of their numbers, as Google's encoder has them. */
export function wireSchemaOf<Name extends MessageName>(name: Name): MessageSchema<Message<Name>> {
  const before = made.get(name);
  const schema = before ?? schemaOf(name);
  if (before === undefined) made.set(name, schema);
  // Made of the same table as Message, which the compiler cannot see through Object.entries.
  return schema as MessageSchema<Message<Name>>;
}

const made = new Map<MessageName, object>();

function schemaOf(name: MessageName): object {
  const sorted = Object.entries(fieldsOf(name)).sort(([, left], [, right]) => left.id - right.id);
  return Object.fromEntries(sorted.map(([field, rule]) => [field, fieldOf(rule)]));
}

function fieldOf({ id, type, many, packed }: AnyFieldRule): object {
  if (isMessageName(type)) {
    return many ? fields.messages(id, () => wireSchemaOf(type)) : fields.message(id, () => wireSchemaOf(type));
  }
  if (isEnumName(type)) return enumeration(id, type);
  const written = packed ? 'packed' : 'single';
  switch (type) {
    case 'string':
      return many ? fields.texts(id) : fields.text(id);
    case 'integer':
      return many ? fields.integers(id, written) : fields.integer(id);
    case 'float':
      return many ? numberList(fields.floats(id, written)) : fields.float(id);
    case 'bool':
      return mapped<number, boolean>(fields.integer(id), (value) => value !== 0, Number);
    case 'floats':
      return fields.floats(id, 'packed');
    case 'doubles':
      return fields.doubles(id);
  }
}

/** Few numbers, where an array is more convenient. */
function numberList(field: Field<Float32Array>): Field<readonly number[]> {
  return {
    number: field.number,
    start: () => [],
    read(reader, wire, before = []) {
      const values = field.read(reader, wire, undefined);
      return values === undefined ? undefined : [...before, ...values];
    },
    write(writer, values) {
      field.write(writer, Float32Array.from(values));
    },
  };
}

/** Words in memory, numbers in the file. */
function enumeration(id: number, type: EnumName): Field<string> {
  const codes = new Map(Object.entries(wordsOf(type)));
  const words = new Map([...codes].map(([word, code]) => [code, word]));
  return mapped<number, string>(
    fields.integer(id),
    (code, reader) => words.get(code) ?? reader.damaged(`${type} ${code}`),
    (word) => codes.get(word) ?? 0,
  );
}

function mapped<Inner, Outer>(
  field: Field<Inner>,
  outwards: (value: Inner, reader: FieldReader) => Outer,
  inwards: (value: Outer) => Inner,
): Field<Outer> {
  return {
    number: field.number,
    read(reader, wire) {
      const value = field.read(reader, wire, undefined);
      return value === undefined ? undefined : outwards(value, reader);
    },
    write(writer, value) {
      field.write(writer, inwards(value));
    },
  };
}
