import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
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

/** The binary form of a message, fields by their numbers, as protocol buffers write them. Weights are copied once. */
export function writeMessage<Name extends MessageName>(name: Name, message: Message<Name>): Uint8Array {
  return Buffer.concat(piecesOf(name, message as AnyMessage));
}

function piecesOf(name: MessageName, message: AnyMessage): Uint8Array[] {
  const rules = Object.entries(fieldsOf(name)).sort(([, left], [, right]) => left.id - right.id);
  return rules.flatMap(([field, rule]) => {
    const value = message[field];
    if (value === undefined) return [];
    const values = isList(value) ? value : [value];
    return rule.packed ? packedPieces(rule, values) : values.flatMap((item) => fieldPieces(rule, item));
  });
}

function isList(value: AnyValue | readonly AnyValue[]): value is readonly AnyValue[] {
  return Array.isArray(value);
}

function fieldPieces({ id, type }: AnyFieldRule, value: AnyValue): Uint8Array[] {
  if (value instanceof Uint8Array) return framed(id, [value]);
  if (typeof value === 'object') return isMessageName(type) ? framed(id, piecesOf(type, value)) : [];
  const writer = new BinaryWriter();
  if (type === 'string') writer.tag(id, WireType.LengthDelimited).string(String(value));
  else writeNumber(writer.tag(id, type === 'float' ? WireType.Bit32 : WireType.Varint), type, value);
  return [writer.finish()];
}

function packedPieces({ id, type }: AnyFieldRule, values: readonly AnyValue[]): Uint8Array[] {
  const writer = new BinaryWriter();
  for (const value of values) writeNumber(writer, type, value);
  return framed(id, [writer.finish()]);
}

function framed(id: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [new BinaryWriter().tag(id, WireType.LengthDelimited).uint32(length).finish(), ...pieces];
}

/** Not for messages and bytes. */
function writeNumber(writer: BinaryWriter, type: AnyFieldRule['type'], value: AnyValue): void {
  if (type === 'float') writer.float(Number(value));
  else if (type === 'bool') writer.bool(value === true);
  else if (isEnumName(type) && typeof value === 'string') writer.int64(wordsOf(type)[value] ?? 0);
  else writer.int64(Number(value));
}
